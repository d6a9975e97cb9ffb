/** The version of the package, which the bundler puts in. */

import manifest from "../../package.json" with { type: "json" };

export const VERSION: string = manifest.version;
