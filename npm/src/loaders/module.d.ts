/** What importing `edgesiem/core.wasm` or `edgesiem/pipeline.wasm` gives where that is possible: on Workers, and by bundlers that know how. */
declare const module: WebAssembly.Module;
export default module;
