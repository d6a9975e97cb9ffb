import base64 from "./core.wasm?base64";

/** The module, from text within this code: for places that have neither files nor addresses. */
export function coreModule(): Promise<WebAssembly.Module> {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at += 1) bytes[at] = text.charCodeAt(at);
  return WebAssembly.compile(bytes);
}
