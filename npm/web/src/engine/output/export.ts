/** An export, part by part: whoever reads sets the pace. */

import type { Core } from "../../../../src/index.ts";
import type { Column, ExportFormat, ExportPart } from "../../protocol.ts";
import { rowOf } from "../index/row.ts";
import type { Windows } from "../input/source.ts";
import type { Session } from "../session.ts";
import type { Turns } from "../slices.ts";
import { csvHeading, csvLine } from "./csv.ts";

const PART_BYTES = 2 ** 20;

export class Export {
  readonly #core: Core;
  readonly #session: Session;
  readonly #turns: Turns;
  readonly #format: ExportFormat;
  readonly #columns: readonly Column[];
  readonly #rows: Uint32Array;
  readonly #windows = new Map<number, Windows>();
  #at = 0;
  #failed = 0;

  constructor(core: Core, session: Session, turns: Turns, format: ExportFormat, columns: readonly Column[], rows: Uint32Array) {
    this.#core = core;
    this.#session = session;
    this.#turns = turns;
    this.#format = format;
    this.#columns = columns;
    this.#rows = rows;
  }

  /** About a megabyte more. */
  async part(): Promise<ExportPart> {
    const pieces: string[] = this.#at === 0 && this.#format === "csv" ? [csvHeading(this.#columns)] : [];
    let units = 0;
    while (this.#at < this.#rows.length && units < PART_BYTES) {
      const row = this.#rows[this.#at] ?? 0;
      this.#at += 1;
      try {
        const piece = this.#documents(await this.#session.bytesOf(row, this.#windows));
        pieces.push(piece);
        units += piece.length;
      } catch {
        this.#failed += 1;
      }
      if (this.#turns.isDue) await this.#turns.next();
    }
    return { bytes: new TextEncoder().encode(pieces.join("")), rows: this.#at, failed: this.#failed, isLast: this.#at >= this.#rows.length };
  }

  #documents(bytes: Uint8Array<ArrayBuffer>): string {
    if (this.#format === "csv") return csvLine(rowOf(this.#core.decodeEvent(bytes)), this.#columns);
    return this.#core.convert(bytes, this.#format).map((document) => `${document}\n`).join("");
  }
}
