import packed from "./core.wasm?packed";
import { bytesOf, isPackedUsable } from "./packed.ts";

/**
 * The module, from text within this code: for places that have neither files nor addresses.
 *
 * The WebAssembly is inside the entry `edgesiem/inline`; its classes of errors are in a second small file of the package beside it,
 * errors.js or errors.cjs, as those of every entry. On Node the ES module has errors.js and `edgesiem` has errors.cjs, so that an
 * error of the one is no `instanceof` a class of the other: take both from one entry, or look at `code`.
 *
 * A third file, inline-scalar.js, is imported where there is no SIMD or nothing that unpacks gzip.
 */
export async function coreModule(): Promise<WebAssembly.Module> {
  if (isPackedUsable()) return WebAssembly.compile(await unpacked(bytesOf(packed)));
  const { default: plain } = await import("./core-scalar.wasm?plain");
  return WebAssembly.compile(bytesOf(plain));
}

/** Node, Deno and Bun have a quicker way than the web's streams, which needs no import that a bundler for browsers would stumble over. */
interface Runtime {
  process?: { getBuiltinModule?(name: "node:zlib"): { gunzipSync(bytes: Uint8Array): Uint8Array<ArrayBuffer> } | undefined };
}

async function unpacked(gzip: Uint8Array<ArrayBuffer>): Promise<BufferSource> {
  const zlib = (globalThis as Runtime).process?.getBuiltinModule?.("node:zlib");
  if (zlib !== undefined) return zlib.gunzipSync(gzip);
  return new Response(new Blob([gzip]).stream().pipeThrough(new DecompressionStream("gzip"))).arrayBuffer();
}
