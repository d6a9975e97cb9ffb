/** Files of gzip members (RFC 1952), of which many log archives have several, one behind the other. */

import { Inflater } from "./inflater.ts";
import { chunksOf } from "./source.ts";

/** So much goes into the decompressor at once: it may become a thousand times as much. */
const PIECE_BYTES = 32 * 1024;
/** Logs become some twenty times as long. What becomes more than this is made to fill memory or time. */
const MOST_TIMES = 200;
const ALWAYS_BYTES = 2 ** 30;
/** Magic number, method and flags of a member; a member before it ends with its length, modulo 2^32. */
const BEGINNING_BYTES = 4;
const LENGTH_BYTES = 4;

class DamagedError extends Error {
  /** @param place Byte of the file, in words. */
  constructor(place: string) {
    super(`the compressed data is damaged at byte ${place} of the file; events up to there were read`);
  }
}

/** What a reader of gzip files tells. */
export interface GzipListener {
  /** So many more bytes of the file were read. */
  onBytes(bytes: number): void;
  /** What the reader of the page should know. */
  onNote(note: string): void;
}

/**
 * Reads all members of a gzip file. What comes before a break of the file is given; bytes behind the last member are left out and told.
 *
 * @throws an Error that says where the file is damaged, or that it becomes too much.
 * @example
 * ```ts
 * for await (const chunk of unpackedChunksOf(file, { onBytes() {}, onNote: console.log })) console.log(chunk.length);
 * ```
 */
export async function* unpackedChunksOf(blob: Blob, { onBytes, onNote }: GzipListener): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const mostBytes = Math.max(ALWAYS_BYTES, MOST_TIMES * blob.size);
  let unpackedBytes = 0;
  const counted = (chunk: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> => {
    unpackedBytes += chunk.length;
    if (unpackedBytes > mostBytes) throw new Error(`reading stopped: the file unpacks to more than ${Math.floor(mostBytes / 1e6).toLocaleString("en")} MB, ${Math.floor(mostBytes / blob.size)} times its size, as no log does. If it is one, decompress it first`);
    return chunk;
  };
  let member = { inflater: new Inflater(), start: 0 };
  /** Of the file, what was given to the decompressor. */
  let fed = 0;
  let waiting: Uint8Array<ArrayBuffer> = new Uint8Array();
  let before: Uint8Array<ArrayBuffer> = new Uint8Array();
  try {
    for await (const chunk of chunksOf(blob, onBytes)) {
      // What may be the beginning of a member is looked at when all of it is there.
      const bytes = joined(waiting, chunk);
      const isLast = fed + bytes.length >= blob.size;
      const end = isLast ? bytes.length : Math.max(bytes.length - BEGINNING_BYTES + 1, 0);
      for (let at = 0; at < end; ) {
        const next = nextMember(bytes, at + 1, Math.min(end, at + PIECE_BYTES));
        const piece = bytes.subarray(at, next);
        const fedBefore = fed;
        try {
          for await (const unpacked of member.inflater.push(piece)) yield counted(unpacked);
        } catch (error) {
          if (!member.inflater.isBroken) throw error;
          yield* theRest(blob, member, fedBefore, piece.length, counted, onNote);
          return;
        }
        before = joined(before, piece).slice(-LENGTH_BYTES);
        at = next;
        fed += piece.length;
        if (next >= end || !isMember(bytes, next) || !isLength(before, member.inflater.bytes)) continue;
        for await (const unpacked of member.inflater.finish()) yield counted(unpacked);
        member = { inflater: new Inflater(), start: fed };
      }
      waiting = bytes.slice(end);
    }
    for await (const unpacked of member.inflater.finish()) yield counted(unpacked);
  } catch (error) {
    if (!member.inflater.isBroken || error instanceof DamagedError) throw error;
    const place = fed.toLocaleString("en");
    // A member that has its length behind it is whole; what is wrong with it is its checksum.
    const isWhole = isLength(before, member.inflater.bytes);
    throw isWhole ? new DamagedError(place) : new Error(`the file ends within its compressed data, after ${place} bytes; events up to there were read`);
  } finally {
    await member.inflater.cancel();
  }
}

/**
 * What of a member comes before the byte that broke it off. A decompressor that fails drops what it had, so that the member is read once more,
 * and at the end byte by byte.
 */
async function* theRest(
  blob: Blob,
  { inflater: { bytes: given }, start }: { inflater: Inflater; start: number },
  pieceStart: number,
  pieceBytes: number,
  counted: (chunk: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer>,
  onNote: (note: string) => void,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const inflater = new Inflater();
  let toSkip = given;
  const unseen = (chunk: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> => {
    const skipped = Math.min(toSkip, chunk.length);
    toSkip -= skipped;
    return counted(chunk.subarray(skipped));
  };
  let at = start;
  const before: number[] = [];
  try {
    for (; at < pieceStart; at += PIECE_BYTES) {
      const piece = new Uint8Array(await blob.slice(at, Math.min(at + PIECE_BYTES, pieceStart)).arrayBuffer());
      for await (const unpacked of inflater.push(piece)) yield unseen(unpacked);
      before.push(...piece.subarray(-LENGTH_BYTES));
    }
    at = pieceStart;
    for (const byte of new Uint8Array(await blob.slice(pieceStart, pieceStart + pieceBytes).arrayBuffer())) {
      for await (const unpacked of inflater.push(Uint8Array.of(byte))) yield unseen(unpacked);
      before.push(byte);
      at += 1;
    }
  } catch (error) {
    if (!inflater.isBroken) throw error;
  } finally {
    await inflater.cancel();
  }
  const place = at.toLocaleString("en");
  if (!isLength(before.slice(-LENGTH_BYTES), inflater.bytes)) throw new DamagedError(place);
  onNote(`The compressed data ends at byte ${place} of ${blob.size.toLocaleString("en")}; what follows is not gzip and was left out.`);
}

/** Where the next member may begin, from `from` on; `end` if nowhere before. */
function nextMember(bytes: Uint8Array, from: number, end: number): number {
  for (let at = bytes.indexOf(0x1f, from); at !== -1 && at < end; at = bytes.indexOf(0x1f, at + 1)) {
    if (isMember(bytes, at)) return at;
  }
  return end;
}

/** Whether a member may begin here: its magic number, the one method there is, and no flag that nobody knows. */
function isMember(bytes: Uint8Array, at: number): boolean {
  return bytes[at] === 0x1f && bytes[at + 1] === 0x8b && bytes[at + 2] === 8 && (bytes[at + 3] ?? 0xff) < 0x20;
}

/** Whether these four bytes say how long the member was, modulo 2^32. */
function isLength(last: ArrayLike<number>, bytes: number): boolean {
  const said = Array.from(last).reduceRight((sum, byte) => sum * 256 + byte, 0);
  return last.length === LENGTH_BYTES && said === bytes % 2 ** 32;
}

function joined(first: Uint8Array<ArrayBuffer>, second: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  if (first.length === 0) return second;
  const all = new Uint8Array(first.length + second.length);
  all.set(first);
  all.set(second, first.length);
  return all;
}
