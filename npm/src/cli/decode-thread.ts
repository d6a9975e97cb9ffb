/** A thread that decodes what the main thread gives it. */

import { parentPort } from "node:worker_threads";

import { load, type PageOptions, type RejectedLine } from "../index.ts";
import { BlockDecoder, type BlockEnd, type Piece } from "./decode-block.ts";

/** By this a thread knows what it is for. */
export interface ThreadData {
  decode: PageOptions;
}

/** Lines to decode. */
export interface Work {
  /** Memory goes from thread to thread: to copy into a SharedArrayBuffer and out of it takes V8 a quarter as long as to decode. */
  block: Uint8Array<ArrayBuffer>;
  /** How much of the block is filled, in bytes. */
  length: number;
  /** Whether the last line ends in it. If not, the next work of this decoder goes on with that line, and both are one block. */
  isWhole: boolean;
}

/** Sent when an answer that is not the last was taken: the next one may come. */
export const GO_ON = null;

/** Some of what came of the work. Answers come in the order of the work. */
export interface Answer extends Piece {
  /** The memory of the work, with its last answer. */
  block: Uint8Array<ArrayBuffer> | undefined;
  /** With the last answer of work that is whole. */
  end: BlockEnd | undefined;
}

/** Works until the main thread ends it. */
export async function runDecodeThread(options: PageOptions): Promise<void> {
  const port = parentPort;
  if (port === null) throw new Error("there is no thread to work for");
  const core = await load();
  const decoder = new BlockDecoder(core.pageDecoder(options));
  const waiting: Work[] = [];
  let answers: Generator<Answer, void> | undefined;
  let isHeld = false;
  port.on("message", (message: Work | typeof GO_ON) => {
    if (message === GO_ON) isHeld = false;
    else waiting.push(message);
    while (!isHeld) {
      const work = answers === undefined ? waiting.shift() : undefined;
      answers ??= work === undefined ? undefined : answersTo(work, decoder);
      const answer = answers?.next().value;
      if (answer === undefined) return;
      const { block, documents } = answer;
      port.postMessage(answer, block === undefined ? [documents.buffer] : [documents.buffer, block.buffer]);
      if (block === undefined) isHeld = true;
      else answers = undefined;
    }
  });
}

/** One answer nearly always: more of them only if a block becomes many times as long. */
export function* answersTo({ block, length, isWhole }: Work, decoder: BlockDecoder): Generator<Answer, void> {
  const pieces = decoder.pieces(block.subarray(0, length));
  let piece = pieces.next().value;
  while (piece !== undefined) {
    const next = pieces.next().value;
    const isLast = next === undefined;
    yield { documents: piece.documents, rejected: together(piece.rejected), block: isLast ? block : undefined, end: isLast && isWhole ? decoder.end() : undefined };
    piece = next;
  }
}

/** The same lines with their bytes in one array: each one by itself takes longer to reach the other thread than to decode. */
function together(rejected: RejectedLine[]): RejectedLine[] {
  const all = new Uint8Array(rejected.reduce((length, { bytes }) => length + bytes.length, 0));
  let end = 0;
  return rejected.map((line) => {
    const from = end;
    all.set(line.bytes, from);
    end += line.bytes.length;
    return { ...line, bytes: all.subarray(from, end) };
  });
}
