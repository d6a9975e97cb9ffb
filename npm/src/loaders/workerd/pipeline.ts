import module from "./pipeline.wasm";

/** The module, which the platform compiled when the Worker was uploaded: it compiles nothing later. */
export function pipelineModule(): Promise<WebAssembly.Module> {
  return Promise.resolve(module);
}
