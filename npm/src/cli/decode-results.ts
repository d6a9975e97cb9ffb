/** What came of an input, in its order: documents to the output, the rest to the report. */

import type { BlockEnd, Piece } from "./decode-block.ts";
import { reject, type InputReport, type Origins } from "./decode-report.ts";
import type { Output } from "./output.ts";
import type { Rejects } from "./rejects.ts";

/** So much may wait for a slow reader, in bytes, before more is decoded. */
const MOST_WAITING_BYTES = 512 * 1024;

export interface Destination {
  output: Output;
  /** What documents become before they are written. */
  present(documents: Uint8Array): Uint8Array;
  rejects: Rejects | undefined;
  /** Says something of a rejected line. */
  say(line: string): void;
}

export class Results {
  readonly #to: Destination;
  readonly #report: InputReport;
  readonly #origins: () => Origins | undefined;
  /** Before the block that comes now. */
  #linesBefore = 0;

  /** @param origins Where lines come from, if they were rewritten. */
  constructor(to: Destination, report: InputReport, origins: () => Origins | undefined) {
    this.#to = to;
    this.#report = report;
    this.#origins = origins;
  }

  /** Takes a piece of the current block, and resolves when there is room for another one. */
  async take({ documents, rejected }: Piece): Promise<void> {
    const { output, present, rejects, say } = this.#to;
    if (documents.length > 0) output.write(present(documents));
    for (const line of rejected) {
      rejects?.write(line);
      const said = reject(this.#report, { ...line, line: this.#linesBefore + line.line }, this.#origins());
      if (said !== undefined) say(said);
    }
    if (output.waitingBytes > MOST_WAITING_BYTES) await output.drain();
  }

  /** The current block ended; another one may follow. */
  end({ lines, context, events, documents, undecoded }: BlockEnd): void {
    this.#linesBefore += lines;
    // It is one only if no other line follows.
    if (lines > 0) this.#report.context = context;
    this.#report.events += events;
    this.#report.documents += documents;
    this.#report.undecoded += undecoded;
  }

  /** Resolves when all documents are where they go. */
  drain(): Promise<void> {
    return this.#to.output.drain();
  }
}
