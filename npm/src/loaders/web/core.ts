import { hasSimd } from "../simd.ts";
import { compileAddress } from "./address.ts";

/** The module from beside this code, without SIMD where there is none. Bundlers find the files by these expressions and move them along. */
export function coreModule(): Promise<WebAssembly.Module> {
  return compileAddress(hasSimd() ? new URL("./core.wasm", import.meta.url) : new URL("./core-scalar.wasm", import.meta.url));
}
