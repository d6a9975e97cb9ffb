/** Reports on their way to the page. A file may have thousands of them, of which the page shows the last ones. */

import { MOST_REPORTS, type NamedReport, type Report } from "../../protocol.ts";

/** Least time between two deliveries: each has the page draw its tables. */
const DELIVERY_MS = 2000;

export class NewestReports {
  #waiting: NamedReport[] = [];
  #count = 0;
  #deliveredMs = -Infinity;

  /** How many there were. */
  get count(): number {
    return this.#count;
  }

  add(name: string, report: Report): void {
    this.#count += 1;
    this.#waiting.push({ number: this.#count, name, report });
    if (this.#waiting.length > MOST_REPORTS) this.#waiting.shift();
  }

  /** Those that the page does not have and shall have now. At the end of the input, `nowMs` is `Infinity`. */
  take(nowMs: number): NamedReport[] {
    if (this.#waiting.length === 0 || nowMs - this.#deliveredMs < DELIVERY_MS) return [];
    const taken = this.#waiting;
    this.#waiting = [];
    this.#deliveredMs = nowMs;
    return taken;
  }
}
