/** Bytes that are written as lines, and what is left of them when that fails. */

import { setTimeout as pause } from "node:timers/promises";
import { errorCode } from "./atomic.ts";

const LF = 10;
/** How a gzip file begins (RFC 1952, section 2.3.1). */
const GZIP = [0x1f, 0x8b];
/** A pipe that does not block says that it is full; so long we wait before we ask again. */
const FULL_PIPE_MS = 5;

/** Whether the next byte begins a line. */
export function endsLine(bytes: Uint8Array): boolean {
  return bytes.length === 0 || bytes.at(-1) === LF;
}

/** Whether these bytes begin a gzip file. */
export function isGzip(bytes: Uint8Array): boolean {
  return GZIP.every((byte, at) => bytes[at] === byte);
}

/**
 * The body after the end of a line that was left without one: otherwise the body's first line would be a part of that, and no parser
 * would find it. A compressed body stays as it is: between two gzip files nothing may be.
 */
export function onLineOfItsOwn(body: Uint8Array): Uint8Array {
  if (isGzip(body)) return body;
  const bytes = new Uint8Array(body.length + 1);
  bytes[0] = LF;
  bytes.set(body, 1);
  return bytes;
}

/** How many bytes were written, and what kept the others from it. */
export interface Outcome {
  written: number;
  error?: unknown;
}

/** @param writeFrom Writes some of `bytes` from there on and says how many. */
export async function writeAll(bytes: Uint8Array, writeFrom: (from: number) => Promise<number>): Promise<Outcome> {
  let written = 0;
  while (written < bytes.length) {
    try {
      written += await writeFrom(written);
    } catch (error) {
      const code = errorCode(error);
      if (code === "EAGAIN" || code === "EWOULDBLOCK") await pause(FULL_PIPE_MS);
      else if (code !== "EINTR") return { written, error };
    }
  }
  return { written };
}
