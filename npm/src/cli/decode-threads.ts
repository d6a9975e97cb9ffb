/** The threads that decode, as the main thread sees them. */

import { Worker } from "node:worker_threads";

import type { PageOptions } from "../index.ts";
import type { BlockDecoder } from "./decode-block.ts";
import { GO_ON, answersTo, type Answer, type ThreadData, type Work } from "./decode-thread.ts";
import { CommandError, EXIT, reasonOf } from "./exit.ts";

/** How many blocks there are for each thread, to be filled, wait, be decoded, and be kept until their turn to be written comes. */
const BLOCKS_PER_THREAD = 4;
const BLOCK_BYTES = 256 * 1024;

/** A thread keeps little: bytes lie outside of these limits. In MiB. */
const LIMITS = { maxOldGenerationSizeMb: 64, maxYoungGenerationSizeMb: 2 };

export type Block = Uint8Array<ArrayBuffer>;

/** Who decodes blocks. */
export interface BlockTaker {
  /** How much it has to do, in blocks. */
  readonly load: number;
  /** Takes work, which it does in the order in which it was given, and gives each answer when it is asked for. */
  give(work: Work): AsyncGenerator<Answer, void>;
}

/** Threads beside the main thread, and memory for what they get. */
export class DecodeThreads {
  readonly #count: number;
  readonly #options: PageOptions;
  #threads: DecodeThread[] = [];
  #blocks: Block[] = [];
  #blocksMade = 0;
  /** Called when one of them has done some work. */
  onDone: () => void = () => undefined;

  /** @param count How many there are to be, at least 1. */
  constructor(count: number, options: PageOptions) {
    this.#count = count;
    this.#options = options;
  }

  /** Lets them start, which takes about a tenth of a second. */
  start(): void {
    while (this.#threads.length < this.#count) this.#threads.push(new DecodeThread(this.#options, () => this.onDone()));
  }

  /** Who has the least to do. */
  get idlest(): BlockTaker {
    this.start();
    return this.#threads.reduce((best, thread) => (thread.load < best.load ? thread : best));
  }

  /** Memory for a block, if some of it is free. */
  takeBlock(): Block | undefined {
    if (this.#blocks.length > 0 || this.#blocksMade >= (this.#count + 1) * BLOCKS_PER_THREAD) return this.#blocks.pop();
    this.#blocksMade += 1;
    return new Uint8Array(BLOCK_BYTES);
  }

  giveBlockBack(block: Block): void {
    this.#blocks.push(block);
  }

  /** Ends the threads. */
  async end(): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.end()));
  }
}

/** The main thread, as one of those that decode. It works at once, as far as the first answer. */
export class OwnThread implements BlockTaker {
  readonly #decoder: BlockDecoder;
  load = 0;

  constructor(decoder: BlockDecoder) {
    this.#decoder = decoder;
  }

  /** To be called only while there is nothing else to do for it. */
  give(work: Work): AsyncGenerator<Answer, void> {
    const answers = answersTo(work, this.#decoder);
    this.load = 1;
    const next = (): Answer | undefined => {
      const answer = answers.next().value ?? undefined;
      if (answer?.block !== undefined) this.load = 0;
      return answer;
    };
    return allOf(next(), next);
  }
}

async function* allOf(first: Answer | undefined, next: () => Answer | undefined): AsyncGenerator<Answer, void> {
  for (let answer = first; answer !== undefined; answer = next()) yield answer;
}

/** Work that is not done yet, and who waits for its next answer. */
interface Pending {
  answer: Promise<Answer>;
  resolve: (answer: Answer) => void;
  reject: (error: unknown) => void;
}

class DecodeThread implements BlockTaker {
  readonly #worker: Worker;
  readonly #onDone: () => void;
  /** In the order in which it was given, which is that of the answers. */
  readonly #pending: Pending[] = [];
  #failure: CommandError | undefined;

  constructor(options: PageOptions, onDone: () => void) {
    this.#onDone = onDone;
    const workerData: ThreadData = { decode: options };
    // The same file, see main.ts. What is preloaded into this process is none of a thread's business.
    this.#worker = new Worker(new URL(import.meta.url), { workerData, resourceLimits: LIMITS, execArgv: [] });
    this.#worker.on("message", (answer: Answer) => this.#take(answer));
    this.#worker.on("messageerror", (error) => this.#fail(reasonOf(error)));
    this.#worker.on("error", (error) => this.#fail(reasonOf(error)));
    this.#worker.on("exit", () => this.#fail("it ended"));
  }

  get load(): number {
    return this.#pending.length;
  }

  /** What made the thread fail is thrown where its answer is asked for. */
  give(work: Work): AsyncGenerator<Answer, void> {
    const pending = newPending();
    this.#pending.push(pending);
    if (this.#failure === undefined) this.#worker.postMessage(work, [work.block.buffer]);
    else pending.reject(this.#failure);
    return this.#answers(pending);
  }

  async *#answers(pending: Pending): AsyncGenerator<Answer, void> {
    for (;;) {
      const answer = await pending.answer;
      yield answer;
      if (answer.block !== undefined) return;
      Object.assign(pending, newPending());
      if (this.#failure === undefined) this.#worker.postMessage(GO_ON);
      else pending.reject(this.#failure);
    }
  }

  async end(): Promise<void> {
    await this.#worker.terminate();
  }

  #take(answer: Answer): void {
    const [first] = this.#pending;
    first?.resolve(answer);
    if (answer.block === undefined) return;
    this.#pending.shift();
    this.#onDone();
  }

  #fail(reason: string): void {
    this.#failure ??= new CommandError(`a decoding thread failed: ${reason}`, EXIT.failed, "repeat the command with --threads 1, which needs none");
    for (const pending of this.#pending) pending.reject(this.#failure);
  }
}

function newPending(): Pending {
  let resolve: Pending["resolve"] = () => undefined;
  let reject: Pending["reject"] = () => undefined;
  const answer = new Promise<Answer>((...both) => ([resolve, reject] = both));
  // It may fail before anybody waits for it.
  answer.catch(() => undefined);
  return { answer, resolve, reject };
}
