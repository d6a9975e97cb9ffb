import { hasSimd } from "../simd.ts";
import { compileFile } from "./file.ts";

/** The module from the file beside this code, without SIMD where there is none. */
export function coreModule(): Promise<WebAssembly.Module> {
  return compileFile(hasSimd() ? new URL("./core.wasm", import.meta.url) : new URL("./core-scalar.wasm", import.meta.url));
}
