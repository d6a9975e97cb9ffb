/** The compiled module: loaded once, when it is first needed. build.mjs puts the loader of its platform in the place of Node's. */

import { pipelineModule } from "../loaders/node/pipeline.ts";

let loading: Promise<WebAssembly.Module> | undefined;

/** The same module each time. A failure is not kept: the next call tries again. */
export function sharedModule(): Promise<WebAssembly.Module> {
  loading ??= pipelineModule().catch((error: unknown) => {
    loading = undefined;
    throw error;
  });
  return loading;
}
