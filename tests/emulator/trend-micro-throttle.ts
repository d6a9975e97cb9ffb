/** How many requests a customer may make. */

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

export interface ThrottleOptions {
  /** 20 in the current documentation, 10 in the older one. */
  perMinute: number;
  /** 14,400 in the older documentation. */
  perDay: number;
  /**
   * `sliding`: no minute, whenever it begins, may have more. `from-first`: a minute begins with its first request,
   * and the next with the first after it.
   */
  counting: "sliding" | "from-first";
}

export class Throttle {
  readonly #counts: Count[];

  constructor({ perMinute, perDay, counting }: ThrottleOptions) {
    const limits: [number, number][] = [[perMinute, MINUTE_MS], [perDay, DAY_MS]];
    this.#counts = limits.map(([most, spanMs]) => (counting === "sliding" ? new Sliding(most, spanMs) : new FromFirst(most, spanMs)));
  }

  /** Whether one more request may be made now, which is then counted. Those that may not do not count. */
  take(nowMs: number): boolean {
    if (!this.#counts.every((count) => count.mayTake(nowMs))) return false;
    for (const count of this.#counts) count.take(nowMs);
    return true;
  }
}

interface Count {
  mayTake(nowMs: number): boolean;
  take(nowMs: number): void;
}

class Sliding implements Count {
  readonly #most: number;
  readonly #spanMs: number;
  #takenAtMs: number[] = [];

  constructor(most: number, spanMs: number) {
    this.#most = most;
    this.#spanMs = spanMs;
  }

  mayTake(nowMs: number): boolean {
    this.#takenAtMs = this.#takenAtMs.filter((at) => nowMs - at < this.#spanMs);
    return this.#takenAtMs.length < this.#most;
  }

  take(nowMs: number): void {
    this.#takenAtMs.push(nowMs);
  }
}

class FromFirst implements Count {
  readonly #most: number;
  readonly #spanMs: number;
  #firstAtMs = -Infinity;
  #count = 0;

  constructor(most: number, spanMs: number) {
    this.#most = most;
    this.#spanMs = spanMs;
  }

  mayTake(nowMs: number): boolean {
    return nowMs - this.#firstAtMs >= this.#spanMs || this.#count < this.#most;
  }

  take(nowMs: number): void {
    if (nowMs - this.#firstAtMs >= this.#spanMs) [this.#firstAtMs, this.#count] = [nowMs, 0];
    this.#count += 1;
  }
}
