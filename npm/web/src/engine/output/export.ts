/** An export, part by part: whoever reads sets the pace. */

import type { Core } from "../../../../src/index.ts";
import type { Column, ExportFormat, ExportPart } from "../../protocol.ts";
import { decoded, rowOfFamily, schemaOf, type EventBytes } from "../input/record.ts";
import type { Windows } from "../input/source.ts";
import { reasonOf, type Session } from "../session.ts";
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
  /** Rows that follow each other in the input are read many at once. */
  readonly #windows: Map<number, Windows> | undefined;
  #at = 0;
  #failed = 0;
  #problem: string | undefined;

  constructor(core: Core, session: Session, turns: Turns, format: ExportFormat, columns: readonly Column[], rows: Uint32Array) {
    this.#core = core;
    this.#session = session;
    this.#turns = turns;
    this.#format = format;
    this.#columns = columns;
    this.#rows = rows;
    this.#windows = rows.every((row, at) => at === 0 || row > (rows[at - 1] ?? 0)) ? new Map() : undefined;
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
      } catch (error) {
        this.#failed += 1;
        this.#problem ??= reasonOf(error);
      }
      if (this.#turns.isDue) await this.#turns.next();
    }
    return { bytes: new TextEncoder().encode(pieces.join("")), rows: this.#at, failed: this.#failed, problem: this.#problem, isLast: this.#at >= this.#rows.length };
  }

  #documents({ family, bytes }: EventBytes): string {
    if (this.#format === "csv") return csvLine(rowOfFamily(family, decoded(this.#core, family, bytes)), this.#columns);
    return this.#core.convert(bytes, schemaOf(family, this.#format)).map((document) => `${document}\n`).join("");
  }
}
