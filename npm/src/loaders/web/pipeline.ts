import { needSimd } from "../need-simd.ts";
import { compileAddress } from "./address.ts";

/** The module from beside this code. Bundlers find the file by this expression and move it along. */
export async function pipelineModule(): Promise<WebAssembly.Module> {
  needSimd("the pipeline");
  return compileAddress(new URL("./pipeline.wasm", import.meta.url));
}
