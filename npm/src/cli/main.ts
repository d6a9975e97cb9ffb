/** The command `edgesiem`. */

import { endWithReader } from "./output.ts";
import { VERSION } from "./version.ts";

endWithReader();
const args = process.argv.slice(2);
// The one answer that needs nothing else, and that scripts ask for most.
if (args.length === 1 && (args[0] === "--version" || args[0] === "-V")) {
  process.stdout.write(`${VERSION}\n`);
} else {
  const { run } = await import("./program.ts");
  await run(args);
}
