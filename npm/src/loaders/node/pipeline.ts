import { needSimd } from "../need-simd.ts";
import { compileFile } from "./file.ts";

/** The module from the file beside this code. */
export async function pipelineModule(): Promise<WebAssembly.Module> {
  needSimd("the pipeline");
  return compileFile(new URL("./pipeline.wasm", import.meta.url));
}
