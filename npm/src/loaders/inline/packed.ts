import { hasSimd } from "../simd.ts";

/** Whether the packed module can be unpacked and compiled here. */
export function isPackedUsable(): boolean {
  return hasSimd() && typeof DecompressionStream === "function";
}

/** The bytes of a text in base64. */
export function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at += 1) bytes[at] = text.charCodeAt(at);
  return bytes;
}
