/** Arguments, as far as the core cannot check them itself. */

import { InvalidArgumentError } from "../errors.ts";

/** What a member of another realm (a test environment, a frame) would fail `instanceof` for. */
export function bytesOf(name: string, value: unknown): Uint8Array {
  if (value instanceof Uint8Array) return value;
  if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  throw invalidArgument(name, "needs a Uint8Array", "pass the bytes, for instance of `new TextEncoder().encode(text)`");
}

/** A line as the core takes it. */
export function lineOf(value: unknown): string | Uint8Array {
  if (typeof value === "string") return value;
  if (ArrayBuffer.isView(value)) return bytesOf("line", value);
  throw invalidArgument("line", "needs a string or a Uint8Array", "pass one event, a line of JSON");
}

/** A text, or nothing. */
export function textOf(name: string, value: unknown): string {
  if (typeof value === "string") return value;
  throw invalidArgument(name, "needs a string", "see the type of the argument");
}

export function invalidArgument(name: string, reason: string, userAction: string): InvalidArgumentError {
  return new InvalidArgumentError(`${name}: ${reason}`, { code: "invalid_argument", retryable: false, userAction });
}
