import { compileFile } from "./file.ts";

/** The module from the file beside this code. */
export function pipelineModule(): Promise<WebAssembly.Module> {
  return compileFile(new URL("./pipeline.wasm", import.meta.url));
}
