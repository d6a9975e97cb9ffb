/** Standard output, written as fast as its reader takes it and held back as soon as the reader does not. */

import { fstatSync, writeSync } from "node:fs";
import { isatty } from "node:tty";

import { CommandError, EXIT, describeError, exitCodeOf, isBrokenPipe, reasonOf } from "./exit.ts";

const STDOUT = 1;

/**
 * Ends the process as {@link EXIT}.brokenPipe says, and quietly, when the reader of stdout goes away, whatever writes there. One of
 * stderr that goes away ends nothing: what is told there is not what the command is for. To be called once, before anything is written.
 */
export function endWithReader(): void {
  process.stderr.on("error", () => undefined);
  process.stdout.on("error", (error) => {
    const thrown = failure(error);
    process.stderr.write(describeError(thrown));
    process.exit(exitCodeOf(thrown));
  });
}

/**
 * Writes a short text to stdout.
 *
 * @example
 * ```ts
 * print(`${authorization}\n`);
 * ```
 */
export function print(text: string): void {
  process.stdout.write(text);
}

/** Where documents go. */
export interface Output {
  /** Takes bytes, in order; they are its own from then on. Throws `EPIPE` if the reader went away, or a `CommandError`. */
  write(bytes: Uint8Array): void;
  /** How much was taken that the system has not accepted yet, in bytes. */
  readonly waitingBytes: number;
  /** Resolves when the system has accepted everything. */
  drain(): Promise<void>;
}

/** Standard output, in the way that fits what it is. */
export function standardOutput(): Output {
  if (isatty(STDOUT) || process.platform === "win32") return new StreamOutput();
  const stat = fstatSync(STDOUT);
  if (stat.isFIFO()) return new PipeOutput();
  return stat.isSocket() ? new StreamOutput() : new FileOutput();
}

/** A file or a device, which takes everything at once. */
class FileOutput implements Output {
  readonly waitingBytes = 0;

  write(bytes: Uint8Array): void {
    try {
      for (let at = 0; at < bytes.length; ) at += writeSync(STDOUT, bytes, at);
      release(bytes);
    } catch (error) {
      throw failure(error);
    }
  }

  async drain(): Promise<void> {}
}

/**
 * A pipe. What fits into it is written at once, without a turn of the event loop, which costs as much as decoding 64 KiB; the
 * rest waits for the next write or for `drain`.
 */
class PipeOutput implements Output {
  /** Makes the descriptor non-blocking, and waits where the pipe is full. */
  readonly #stream: NodeJS.WriteStream;
  #queue: Uint8Array[] = [];
  /** How much of the first in the queue was written. */
  #offset = 0;
  #failure: unknown;
  waitingBytes = 0;

  constructor() {
    this.#stream = process.stdout;
    // An error also arrives at the callback of the write that it belongs to; without a listener it would end the process.
    this.#stream.on("error", (error) => {
      this.#failure = failure(error);
    });
  }

  write(bytes: Uint8Array): void {
    if (this.#failure !== undefined) throw this.#failure;
    if (bytes.length === 0) return;
    this.#queue.push(bytes);
    this.waitingBytes += bytes.length;
    for (let first = this.#queue[0]; first !== undefined; first = this.#queue[0]) {
      const written = writeNow(first, this.#offset);
      this.waitingBytes -= written;
      this.#offset += written;
      if (this.#offset < first.length) return;
      this.#offset = 0;
      this.#queue.shift();
      release(first);
    }
  }

  async drain(): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    const queue = this.#queue;
    let offset = this.#offset;
    this.#queue = [];
    this.#offset = 0;
    this.waitingBytes = 0;
    // One after the other: the next `write` may only be tried when the stream holds nothing back.
    for (const bytes of queue) {
      await writeTo(this.#stream, offset === 0 ? bytes : bytes.subarray(offset));
      offset = 0;
      release(bytes);
    }
  }
}

/**
 * Gives the memory of what was written back at once. The garbage collector would let some 60 MB of it come together first, and
 * each piece would be in memory that no cache holds. Before Node 22 it is left to the collector.
 */
function release(bytes: Uint8Array): void {
  const { buffer } = bytes;
  // Small buffers of Node share one.
  if (bytes.byteLength < buffer.byteLength || !(buffer instanceof ArrayBuffer)) return;
  if (typeof buffer.transfer === "function") buffer.transfer(0);
}

/** How many bytes the pipe took without waiting. */
function writeNow(bytes: Uint8Array, offset: number): number {
  try {
    return writeSync(STDOUT, bytes, offset);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EAGAIN") return 0;
    throw failure(error);
  }
}

function failure(error: unknown): unknown {
  if (isBrokenPipe(error)) return error;
  return new CommandError(`cannot write to stdout: ${reasonOf(error)}`, EXIT.failed, "what was written before is there; repeat the command when it is repaired");
}

/** A terminal, a socket, or anything on a platform without descriptors of this kind. */
class StreamOutput implements Output {
  readonly #stream = process.stdout;
  #last: Promise<void> = Promise.resolve();
  waitingBytes = 0;

  constructor() {
    this.#stream.on("error", () => {});
  }

  write(bytes: Uint8Array): void {
    this.waitingBytes += bytes.length;
    const written = writeTo(this.#stream, bytes).then(() => {
      this.waitingBytes -= bytes.length;
    });
    this.#last = Promise.all([this.#last, written]).then(() => {});
    // Whoever waits for `drain` gets it.
    this.#last.catch(() => {});
  }

  drain(): Promise<void> {
    return this.#last;
  }
}

function writeTo(stream: NodeJS.WriteStream, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.write(bytes, (error) => (error ? reject(failure(error)) : resolve()));
  });
}
