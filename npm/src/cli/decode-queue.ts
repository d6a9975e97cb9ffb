/** Work that waits for somebody to do it. */

import type { Answer, Work } from "./decode-thread.ts";
import type { BlockTaker, DecodeThreads, OwnThread } from "./decode-threads.ts";

/** A thread has one block that it decodes and one that waits for it: what is ahead of that may go to whoever is ready first. */
const MOST_LOAD = 2;

interface Waiting {
  work: Work;
  begun: (answers: AsyncIterable<Answer>) => void;
}

/** Work in the order of the input, of which other threads get what they can do at once. The main thread does some when it has nothing better to do. */
export class DecodeQueue {
  readonly #threads: DecodeThreads;
  readonly #own: OwnThread;
  #waiting: Waiting[] = [];
  /** Who has the beginning of the line that the first work goes on with; `undefined` if it begins with a line. */
  #begunBy: BlockTaker | undefined;

  constructor(threads: DecodeThreads, own: OwnThread) {
    this.#threads = threads;
    this.#own = own;
  }

  /** Resolves with what comes of the work when somebody has it. */
  put(work: Work): Promise<AsyncIterable<Answer>> {
    return new Promise((begun) => {
      this.#waiting.push({ work, begun });
      this.handOut();
    });
  }

  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  /** Gives work to threads; to be called when one of them has done some. */
  handOut(): void {
    while (this.#waiting.length > 0) {
      const taker = this.#begunBy ?? this.#threads.idlest;
      if (taker === this.#own || taker.load >= MOST_LOAD) return;
      this.#give(taker);
    }
  }

  /** Whether there is work for this thread. */
  get isOwnTurn(): boolean {
    return this.#waiting.length > 0 && this.#own.load === 0 && (this.#begunBy ?? this.#own) === this.#own;
  }

  /** Does some of it on this thread, and lets the others tell what they have done meanwhile. */
  async doSome(): Promise<void> {
    this.#give(this.#own);
    await new Promise(setImmediate);
  }

  #give(taker: BlockTaker): void {
    const first = this.#waiting.shift();
    if (first === undefined) return;
    this.#begunBy = first.work.isWhole ? undefined : taker;
    first.begun(taker.give(first.work));
  }
}
