import { readFile } from "node:fs/promises";

import { EdgeSiemError } from "../../errors.ts";

/** Compiles a WebAssembly file of this package. */
export async function compileFile(url: URL): Promise<WebAssembly.Module> {
  let bytes: Uint8Array<ArrayBuffer>;
  try {
    bytes = await readFile(url);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new EdgeSiemError(`${url.href} cannot be read (${reason})`, {
      code: "module_missing",
      retryable: false,
      userAction: "if a bundler moved this code, leave `edgesiem` out of the bundle, copy the .wasm file beside it, or import edgesiem/inline",
      cause,
    });
  }
  return WebAssembly.compile(bytes);
}
