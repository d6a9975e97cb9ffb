/** Ctrl-C and friends: the first time they end work in order, the second time at once. */

const SIGNALS = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

/** Ends by signals, as long as it is watched. */
export class Interrupt {
  readonly #controller = new AbortController();
  readonly #handlers: [keyof typeof SIGNALS, () => void][] = [];
  #signal: keyof typeof SIGNALS | undefined;

  /** @param say Called at the first signal. */
  constructor(say: () => void) {
    for (const [signal, exitCode] of Object.entries(SIGNALS) as [keyof typeof SIGNALS, number][]) {
      const handler = (): void => {
        // Its second time, or another one: whoever sends it wants no more waiting.
        if (this.#signal !== undefined) process.exit(exitCode);
        this.#signal = signal;
        say();
        this.#controller.abort();
      };
      process.on(signal, handler);
      this.#handlers.push([signal, handler]);
    }
  }

  /** Aborted by the first signal, or by {@link Interrupt.end}. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Whether a signal has come. */
  get came(): boolean {
    return this.#signal !== undefined;
  }

  /** The same end, for another reason. */
  end(): void {
    this.#controller.abort();
  }

  /** Signals do again what they do without us. */
  close(): void {
    for (const [signal, handler] of this.#handlers) process.off(signal, handler);
  }
}
