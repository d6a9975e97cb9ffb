/** On workerd and in bundlers that follow it, importing a WebAssembly file gives the compiled module. */
declare module "*.wasm" {
  const module: WebAssembly.Module;
  export default module;
}

/** build.mjs puts the file in as text: gzip in base64. */
declare module "*.wasm?packed" {
  const base64: string;
  export default base64;
}

/** build.mjs makes a file beside the entry that holds the module as text, in base64. */
declare module "*.wasm?plain" {
  const base64: string;
  export default base64;
}
