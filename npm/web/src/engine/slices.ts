/** Long work in slices, so that messages are read in between. */

/** Longest slice. */
const SLICE_MS = 8;

/** Lets the worker read its messages; cheaper than a timer, which browsers hold back. */
export class Turns {
  readonly #channel = new MessageChannel();
  readonly #waiting: (() => void)[] = [];
  #sliceEndsMs = performance.now() + SLICE_MS;

  constructor() {
    this.#channel.port1.onmessage = () => this.#waiting.shift()?.();
  }

  /** Whether it is time to let others work. */
  get isDue(): boolean {
    return performance.now() >= this.#sliceEndsMs;
  }

  /** Resolves after the messages that wait. */
  async next(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#waiting.push(resolve);
      this.#channel.port2.postMessage(undefined);
    });
    this.#sliceEndsMs = performance.now() + SLICE_MS;
  }

  /** Runs a generator in slices, to its end or until `isOver`. */
  async run<T>(work: Generator<undefined, T>, isOver: () => boolean): Promise<T | undefined> {
    for (;;) {
      const step = work.next();
      if (step.done === true) return step.value;
      if (this.isDue) await this.next();
      if (isOver()) return undefined;
    }
  }
}
