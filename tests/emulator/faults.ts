/** Faults on request: what shall go wrong with the next authorised requests. Plain JSON. */

import type { ProblemName } from "./problems.ts";

/** Which line: of the response, counted from 0, or that of an event of the stream. */
export type LineChoice = { line: number } | { event: number };

export type LineEdit = LineChoice &
  ({ replace: string } | { replaceBase64: string } | { flip: { byte: number; bit: number } } | { duplicate: true });

export interface Cut {
  /** After this many bytes of the body as it travels, that is compressed if it is. */
  bytes?: number;
  /** After this many lines. */
  lines?: number;
  /**
   * `destroy`: the connection breaks. `close`: neither length nor chunks, and the connection ends as it would
   * after a whole body. `end`: a correct end of the chunked body.
   */
  ending: "destroy" | "close" | "end";
}

export interface Fault {
  /** How many requests it happens to; 1 if left out. */
  times?: number;
  /** The connection is reset before there is an answer. */
  reset?: true;
  /** An answer of Akamai's. */
  problem?: ProblemName;
  /** Any answer. */
  respond?: { status: number; headers?: Record<string, string>; body?: string };
  /** Headers added to the answer, such as `retry-after`. */
  headers?: Record<string, string>;
  cut?: Cut;
  /** The body comes at this speed. */
  bytesPerSecond?: number;
  /** The body stops after this many bytes until `release()`. */
  stallAfterBytes?: number;
  /** The same events in another order. */
  reorderSeed?: number;
  edits?: LineEdit[];
  layout?: "blank-lines" | "indented" | "crlf";
  context?: "missing" | "without-limit" | "wrong-total";
}

export class FaultQueue {
  readonly #queue: { fault: Fault; left: number }[] = [];
  #waiting: (() => void)[] = [];

  /** Adds faults to the end of the queue; each request meets the first of the queue. */
  add(...faults: Fault[]): void {
    for (const fault of faults) this.#queue.push({ fault, left: fault.times ?? 1 });
  }

  /** Faults that have not happened yet. */
  get pending(): number {
    return this.#queue.reduce((sum, { left }) => sum + left, 0);
  }

  clear(): void {
    this.#queue.length = 0;
  }

  /** Lets every stalled body go on. */
  release(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const go of waiting) go();
  }

  /** Resolves at the next `release()`. */
  released(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** The fault that the next request meets. */
  take(): Fault | undefined {
    const [first] = this.#queue;
    if (first === undefined) return undefined;
    first.left -= 1;
    if (first.left <= 0) this.#queue.shift();
    return first.fault;
  }
}
