import base64 from "./core.wasm?base64";

/**
 * The module, from text within this code: for places that have neither files nor addresses.
 *
 * The WebAssembly is inside the entry `edgesiem/inline`; its classes of errors are in a second small file of the package beside it,
 * errors.js or errors.cjs, as those of every entry. On Node the ES module has errors.js and `edgesiem` has errors.cjs, so that an
 * error of the one is no `instanceof` a class of the other: take both from one entry, or look at `code`.
 */
export function coreModule(): Promise<WebAssembly.Module> {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at += 1) bytes[at] = text.charCodeAt(at);
  return WebAssembly.compile(bytes);
}
