/** Decodes an input on several threads: cuts it into blocks at line feeds, and takes the results in the order of the input. */

import type { BlockDecoder } from "./decode-block.ts";
import { DecodeQueue } from "./decode-queue.ts";
import type { Results } from "./decode-results.ts";
import type { Decoding } from "./decode-run.ts";
import type { Answer } from "./decode-thread.ts";
import { OwnThread, type Block, type DecodeThreads } from "./decode-threads.ts";

const LF = 0x0a;

export class ParallelDecoding implements Decoding {
  readonly #threads: DecodeThreads;
  readonly #queue: DecodeQueue;
  readonly #results: Results;
  readonly #fail: (error: unknown) => void;
  /** What is filled now, and how much of it is. */
  #block: Block | undefined;
  #filled = 0;
  #isPaused = false;
  /** Blocks that were given out and whose results are not written. */
  #givenOut = 0;
  /** Resolves when there are none of them. */
  #written: Promise<void> = Promise.resolve();
  #whenProgressed: (() => void) | undefined;

  /**
   * @param decoder For what this thread decodes.
   * @param fail Called if a thread fails or the results cannot be written, possibly while more input is awaited.
   */
  constructor(threads: DecodeThreads, decoder: BlockDecoder, results: Results, fail: (error: unknown) => void) {
    this.#threads = threads;
    this.#queue = new DecodeQueue(threads, new OwnThread(decoder));
    this.#results = results;
    this.#fail = fail;
    threads.onDone = () => this.#progressed();
  }

  async take(chunk: Uint8Array): Promise<void> {
    this.#isPaused = false;
    for (let at = 0; at < chunk.length; ) {
      const block = (this.#block ??= await this.#freeBlock());
      const part = chunk.subarray(at, at + block.length - this.#filled);
      block.set(part, this.#filled);
      this.#filled += part.length;
      at += part.length;
      if (this.#filled === block.length) this.#giveOut(block, await this.#freeBlock());
    }
  }

  /** Work that is there is done before more input is awaited. */
  async pause(): Promise<boolean> {
    this.#isPaused = true;
    this.#giveOutEarly();
    if (!this.#queue.isOwnTurn) return false;
    await this.#queue.doSome();
    return true;
  }

  async end(): Promise<void> {
    // The last line may lack its line feed.
    await this.take(Uint8Array.of(LF));
    await this.finish();
  }

  async finish(): Promise<void> {
    this.#isPaused = false;
    if (this.#block !== undefined) {
      if (this.#filled > 0) this.#giveOut(this.#block, await this.#freeBlock());
      this.#threads.giveBlockBack(this.#block);
      this.#block = undefined;
    }
    while (!this.#queue.isEmpty) await this.#work();
    await this.#written;
  }

  /** Memory for the next block, as soon as there is some. */
  async #freeBlock(): Promise<Block> {
    for (;;) {
      const block = this.#threads.takeBlock();
      if (block !== undefined) return block;
      await this.#work();
    }
  }

  /** Does what can be done on this thread, or waits until others have done something. */
  async #work(): Promise<void> {
    if (this.#queue.isOwnTurn) await this.#queue.doSome();
    else await new Promise<void>((resolve) => (this.#whenProgressed = resolve));
  }

  #progressed(): void {
    this.#queue.handOut();
    this.#giveOutEarly();
    this.#whenProgressed?.();
  }

  /** While no more input comes, lines do not wait until a block is full, but until a thread has nothing else to do. */
  #giveOutEarly(): void {
    const block = this.#block;
    if (!this.#isPaused || block === undefined || !this.#queue.isEmpty || this.#threads.idlest.load > 0 || lineEnd(block, this.#filled) === 0) return;
    const next = this.#threads.takeBlock();
    if (next !== undefined) this.#giveOut(block, next);
  }

  /** Gives out the lines that end in the block, or the part of a longer one, and fills the next block from there on. */
  #giveOut(block: Block, next: Block): void {
    const end = lineEnd(block, this.#filled);
    const length = end > 0 ? end : this.#filled;
    next.set(block.subarray(length, this.#filled));
    this.#block = next;
    this.#filled -= length;
    const answers = this.#queue.put({ block, length, isWhole: end > 0 });
    this.#givenOut += 1;
    this.#written = this.#written.then(async () => this.#write(await answers));
    this.#written.catch(this.#fail);
  }

  async #write(answers: AsyncIterable<Answer>): Promise<void> {
    for await (const answer of answers) {
      await this.#results.take(answer);
      if (answer.end !== undefined) this.#results.end(answer.end);
      if (answer.block !== undefined) this.#threads.giveBlockBack(answer.block);
    }
    this.#givenOut -= 1;
    this.#progressed();
    // What the output has not accepted waits for the next results if some are on their way.
    if (this.#givenOut === 0) await this.#results.drain();
  }
}

/** Where the last line ends that ends in so many bytes, behind its line feed; 0 if none does. */
function lineEnd(block: Block, length: number): number {
  return Buffer.from(block.buffer, 0, length).lastIndexOf(LF) + 1;
}
