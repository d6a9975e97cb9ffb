/** The vectors that Rust reads too. */

import { readFileSync } from "node:fs";

/** Bytes of a vector, by its path in this folder. */
export function bytes(path: string): Uint8Array {
  return readFileSync(new URL(path, import.meta.url));
}

/** Text of a vector, by its path in this folder. */
export function text(path: string): string {
  return readFileSync(new URL(path, import.meta.url), "utf8");
}

/** A vector in JSON. Its type is the claim of the test that reads it; a wrong claim fails that test. */
export function json<T>(path: string): T {
  return JSON.parse(text(path)) as T;
}
