/** Bytes and text in Node's way, and in the way of every runtime. */

import { Buffer, isUtf8 } from "node:buffer";
import type { Codec, Decoded } from "./javascript.ts";

/** `Buffer`: Node only. */
export function bufferCodec(): Codec {
  const decoded = (bytes: Buffer): Decoded => {
    const text = bytes.toString("utf8");
    const exact = !text.includes("\ufffd") || isUtf8(bytes);
    return { text, base64: exact ? undefined : bytes.toString("base64") };
  };
  return {
    join: (first, second) => Buffer.concat([first, second]),
    decode: (bytes, start, end) => (bytes as Buffer).toString("utf8", start, end),
    encode: (text) => Buffer.from(text, "utf8"),
    fromBase64: (text) => decoded(Buffer.from(text, "base64")),
    fromBinary: (binary) => decoded(Buffer.from(binary, "latin1")),
  };
}

/** `atob`, `TextDecoder`, `TextEncoder`: browsers, Deno, Workers and Node. */
export function portableCodec(): Codec {
  const lossy = new TextDecoder("utf-8", { ignoreBOM: true });
  const strict = new TextDecoder("utf-8", { ignoreBOM: true, fatal: true });
  const encoder = new TextEncoder();
  const isText = (bytes: Uint8Array): boolean => {
    try {
      strict.decode(bytes);
      return true;
    } catch {
      return false;
    }
  };
  const fromBinary = (binary: string): Decoded => {
    const bytes = new Uint8Array(binary.length);
    for (let k = 0; k < binary.length; k += 1) bytes[k] = binary.charCodeAt(k);
    const text = lossy.decode(bytes);
    const exact = !text.includes("\ufffd") || isText(bytes);
    return { text, base64: exact ? undefined : btoa(binary) };
  };
  return {
    join(first, second) {
      const joined = new Uint8Array(first.length + second.length);
      joined.set(first);
      joined.set(second, first.length);
      return joined;
    },
    decode: (bytes, start, end) => lossy.decode(bytes.subarray(start, end)),
    encode: (text) => encoder.encode(text),
    fromBase64: (text) => fromBinary(atob(text.replaceAll("-", "+").replaceAll("_", "/"))),
    fromBinary,
  };
}
