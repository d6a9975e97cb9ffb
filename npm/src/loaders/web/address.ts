import { EdgeSiemError } from "../../errors.ts";

/** Fetches and compiles a WebAssembly file of this package, while it arrives where that is possible. */
export async function compileAddress(url: URL): Promise<WebAssembly.Module> {
  const response = await fetch(url, { credentials: "same-origin" }).catch((cause: unknown) => {
    throw missing(url, cause instanceof Error ? cause.message : String(cause), true);
  });
  if (!response.ok) throw missing(url, `HTTP status ${response.status}`, response.status >= 500);
  const type = response.headers.get("content-type") ?? "";
  // Browsers refuse to compile what arrives under another type; as bytes they take it.
  if (/^application\/wasm\s*(;|$)/i.test(type) && typeof WebAssembly.compileStreaming === "function") {
    return WebAssembly.compileStreaming(response);
  }
  const bytes = new Uint8Array(await response.arrayBuffer());
  // A page for "not found" that says 200, as development servers answer for files that they do not have.
  if (bytes[0] !== 0 || bytes[1] !== 0x61) throw missing(url, `it is ${JSON.stringify(type.slice(0, 80))}, not WebAssembly`, false);
  return WebAssembly.compile(bytes);
}

function missing(url: URL, reason: string, retryable: boolean): EdgeSiemError {
  return new EdgeSiemError(`${url.href} cannot be loaded (${reason})`, {
    code: "module_missing",
    retryable,
    userAction: "serve the .wasm file of the package beside its JavaScript; with a bundler that does not move it along, import edgesiem/inline",
  });
}
