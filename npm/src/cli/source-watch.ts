/** What a source that is not reached says, while its requests are tried again. */

import { printable } from "./terminal.ts";

type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** What passes sooner is nothing to talk about. */
const QUIET_MS = 2_000;

/** Looks at one stream's requests, and speaks once when its source has not answered for a while. */
export class SourceWatch {
  /** Name of the stream. */
  stream = "";
  readonly #say: (text: string) => void;
  /** When the first of the requests began that failed in a row, by `performance.now()`. */
  #sinceMs: number | undefined;
  #reason = "";
  #timer: NodeJS.Timeout | undefined;
  #isSaid = false;

  constructor(say: (text: string) => void) {
    this.#say = say;
  }

  /** The same requests, looked at. Sources are asked by GET, sinks by other methods. */
  over(send: Fetch): Fetch {
    return async (url, init) => {
      if (init.method !== "GET") return send(url, init);
      const beganMs = performance.now();
      try {
        const response = await send(url, init);
        if (response.status === 429 || response.status >= 500) this.#failed(`HTTP ${response.status}`, beganMs);
        else this.end();
        return response;
      } catch (error) {
        this.#failed(error instanceof Error ? error.message : String(error), beganMs);
        throw error;
      }
    };
  }

  /** It was reached, or is not asked any more. */
  end(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#sinceMs = undefined;
    this.#isSaid = false;
  }

  #failed(reason: string, beganMs: number): void {
    this.#reason = reason;
    this.#sinceMs ??= beganMs;
    if (this.#isSaid || this.#timer !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#isSaid = true;
      this.#say(printable(`${this.stream}: source not reached (${this.#reason}), trying again`, 300));
    }, Math.max(0, this.#sinceMs + QUIET_MS - performance.now()));
    // Nothing has to stay awake for it.
    this.#timer.unref();
  }
}
