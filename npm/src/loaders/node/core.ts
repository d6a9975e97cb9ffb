import { compileFile } from "./file.ts";

/** The module from the file beside this code. */
export function coreModule(): Promise<WebAssembly.Module> {
  return compileFile(new URL("./core.wasm", import.meta.url));
}
