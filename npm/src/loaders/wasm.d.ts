/** On workerd and in bundlers that follow it, importing a WebAssembly file gives the compiled module. */
declare module "*.wasm" {
  const module: WebAssembly.Module;
  export default module;
}

/** build.mjs puts the file in as text. */
declare module "*.wasm?base64" {
  const base64: string;
  export default base64;
}
