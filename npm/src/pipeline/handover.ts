/** Batches from a pipeline to whoever takes events one by one. */

import type { WriteAnswer } from "./host.ts";

/** A batch that waits to be taken. */
export interface Handed {
  body: Uint8Array;
  /** Says that every event was taken, or that nobody will take them. */
  answer(taken: "taken" | "gone"): void;
}

/** Keeps the pipeline waiting until a batch was taken: nothing is kept here but the batch that is being taken. */
export class Handover {
  readonly #waiting: Handed[] = [];
  #wake: (() => void) | undefined;
  #ended: { error: unknown } | undefined;

  /** For the pipeline: answers when the batch was taken. */
  write(body: Uint8Array): Promise<WriteAnswer> {
    if (this.#ended !== undefined) return Promise.resolve(GONE);
    return new Promise((resolve) => {
      this.#waiting.push({ body, answer: (taken) => resolve(taken === "taken" ? { status: 200 } : GONE) });
      this.#wake?.();
    });
  }

  /** The next batch; `undefined` after the last one. Rejects with what {@link Handover.end} was given. */
  async take(): Promise<Handed | undefined> {
    for (;;) {
      const first = this.#waiting.shift();
      if (first !== undefined) return first;
      if (this.#ended !== undefined) {
        if (this.#ended.error !== undefined) throw this.#ended.error;
        return undefined;
      }
      await new Promise<void>((resolve) => (this.#wake = resolve));
      this.#wake = undefined;
    }
  }

  /** No batch comes any more, or nobody takes one. What waits is not taken. The first call counts. */
  end(error?: unknown): void {
    this.#ended ??= { error };
    for (const { answer } of this.#waiting.splice(0)) answer("gone");
    this.#wake?.();
  }
}

/** The sink's word for a reader that went away: the run stops, and the checkpoint stays. */
const GONE: WriteAnswer = { status: 410, message: "nobody takes events any more" };
