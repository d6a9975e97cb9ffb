/**
 * Keys of a store as names of files, and back.
 *
 * Letters that some file systems hold for the same (upper and lower case), characters that some refuse, and dots, which
 * mean something at either end of a name, are written as `%xx`. Prefixes stay prefixes. A name that would be too long is cut and ends in the key's hash,
 * which no other name looks like; what is in the file says the key then.
 */

import { createHash } from "node:crypto";

/** ext4, APFS and NTFS allow 255; eCryptfs, as some home folders are, 143. */
const MAX_NAME_BYTES = 140;
const CUT_BYTES = 60;
/** Never written for a character of a key: `~` itself becomes `%7e`. */
const MARK = "~";
/** How names of files begin that are still being written. */
export const UNFINISHED = `${MARK}tmp-`;

/**
 * The name of the file that holds a key. The key has to be well-formed Unicode.
 *
 * @example
 * ```ts
 * fileName("checkpoint/prod-WAF"); // "checkpoint%2fprod-%57%41%46"
 * ```
 */
export function fileName(key: string): string {
  const name = escaped(key);
  if (name.length <= MAX_NAME_BYTES) return name;
  return `${name.slice(0, CUT_BYTES)}${MARK}${createHash("sha256").update(key).digest("hex")}`;
}

/** The key that a file's name stands for; `"inside"` if the file has to be asked, `undefined` if the name is none of ours. */
export function keyOf(name: string): { key: string } | "inside" | undefined {
  if (/^[^~]{60}~[0-9a-f]{64}$/.test(name)) return "inside";
  if (name.length > MAX_NAME_BYTES || !/^(?:[a-z0-9_-]|%[0-9a-f]{2})+$/.test(name)) return undefined;
  const bytes = Buffer.from(name.replace(/%(..)/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))), "latin1");
  const key = bytes.toString("utf8");
  return escaped(key) === name ? { key } : undefined;
}

/** Whether a file of this name may hold a key that begins with `prefix`. */
export function mayBegin(name: string, prefix: string): boolean {
  const start = escaped(prefix);
  if (!name.includes(MARK)) return name.startsWith(start);
  const known = name.slice(0, CUT_BYTES);
  return known.startsWith(start) || start.startsWith(known);
}

function escaped(key: string): string {
  let out = "";
  for (const byte of Buffer.from(key, "utf8")) {
    const character = String.fromCharCode(byte);
    out += /[a-z0-9_-]/.test(character) ? character : `%${byte.toString(16).padStart(2, "0")}`;
  }
  return out;
}
