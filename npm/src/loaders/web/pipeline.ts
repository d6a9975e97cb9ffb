import { compileAddress } from "./address.ts";

/** The module from beside this code. Bundlers find the file by this expression and move it along. */
export function pipelineModule(): Promise<WebAssembly.Module> {
  return compileAddress(new URL("./pipeline.wasm", import.meta.url));
}
