import { compileAddress } from "./address.ts";

/** The module from beside this code. Bundlers find the file by this expression and move it along. */
export function coreModule(): Promise<WebAssembly.Module> {
  return compileAddress(new URL("./core.wasm", import.meta.url));
}
