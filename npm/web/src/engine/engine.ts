/** Answers the page: opens inputs, keeps the view of their events, and reads events again when they are asked for. */

import { pretty } from "../../../src/cli/pretty.ts";
import type { Core } from "../../../src/index.ts";
import { MOST_SORTED_ROWS, type Answer, type Charts, type EventView, type FromEngine, type RowView, type Schema, type ToEngine } from "../protocol.ts";
import { parseFilter, type Filter } from "../query-text.ts";
import { histogram } from "./aggregate/histogram.ts";
import { curlOf } from "./output/curl.ts";
import { eventDetails } from "./output/event-view.ts";
import { Export } from "./output/export.ts";
import { RowSet } from "./query/view.ts";
import { schemaOf, type EventBytes } from "./input/record.ts";
import { Session, reasonOf } from "./session.ts";
import { Turns } from "./slices.ts";

/** More rows are not given at once. */
const MOST_ROWS = 500;
/** Least time between two pictures while reading goes on. */
const REFRESH_MS = 500;

interface Current {
  number: number;
  filter: Filter;
  rows: RowSet;
}

export class Engine {
  readonly #core: Core;
  readonly #post: (message: FromEngine, transfer?: Transferable[]) => void;
  readonly #turns = new Turns();
  readonly #exports = new Map<number, Export>();
  #session: Session | undefined;
  #current: Current | undefined;
  #lastQuery: Extract<ToEngine, { type: "query" }> = { type: "query", query: 0, filter: "", sort: { by: "input", descending: false } };
  #isRefreshing = false;
  #hasMore = false;

  constructor(core: Core, post: (message: FromEngine, transfer?: Transferable[]) => void) {
    this.#core = core;
    this.#post = post;
  }

  /** Takes a message of the page's. */
  receive(message: ToEngine): void {
    switch (message.type) {
      case "open":
        this.#session?.cancel();
        this.#exports.clear();
        this.#session = new Session(this.#core, this.#turns, { post: this.#post, onRows: () => this.#refresh() }, message.generation, message.inputs);
        this.#query(this.#lastQuery);
        void this.#session.read();
        return;
      case "cancel":
        this.#session?.cancel();
        return;
      case "query":
        this.#lastQuery = message;
        this.#query(message);
        return;
      case "end-export":
        this.#exports.delete(message.export);
        return;
      default:
        void this.#answer(message);
    }
  }

  async #answer(message: Extract<ToEngine, { ask: number }>): Promise<void> {
    const { ask } = message;
    try {
      const answer = await this.#answerOf(message);
      const transfer = typeof answer === "object" && "bytes" in answer && answer.bytes instanceof Uint8Array ? [answer.bytes.buffer] : [];
      this.#post({ type: "answer", ask, answer }, transfer);
    } catch (error) {
      this.#post({ type: "failed", ask, problem: reasonOf(error) });
    }
  }

  async #answerOf(message: Extract<ToEngine, { ask: number }>): Promise<Answer> {
    const [session, current] = [this.#session, this.#current];
    if (session === undefined || current === undefined) throw new Error("nothing is open");
    if (message.type === "rows") return this.#rows(session, current.rows, message.from, message.count);
    if (message.type === "event") return this.#event(session, current.rows, message.position);
    if (message.type === "copy") return this.#copy(await session.bytesOf(rowAt(current.rows, message.position)), message.as);
    if (message.type === "export") {
      const rows = await this.#wholeRows();
      if (session !== this.#session) throw new Error("something else was opened");
      const isSorted = rows.count <= MOST_SORTED_ROWS;
      const numbers = Uint32Array.from({ length: isSorted ? rows.count : rows.inputCount }, (_, at) => (isSorted ? rows.rowAt(at) : rows.inputRowAt(at)));
      this.#exports.set(message.ask, new Export(this.#core, session, this.#turns, message.format, message.columns, numbers));
      return { export: message.ask, rows: numbers.length };
    }
    const found = this.#exports.get(message.export);
    if (found === undefined) throw new Error("the export has ended");
    return found.part();
  }

  /** What the newest query leaves of all events that are there, in its order. */
  async #wholeRows(): Promise<RowSet> {
    for (;;) {
      const current = this.#current;
      if (current === undefined) throw new Error("nothing is open");
      const isOver = (): boolean => this.#current !== current;
      await this.#turns.run(current.rows.update(), isOver);
      if (!isOver()) return current.rows;
    }
  }

  #rows(session: Session, rows: RowSet, from: number, count: number): RowView[] {
    const end = Math.min(from + Math.min(count, MOST_ROWS), rows.count);
    return Array.from({ length: Math.max(end - from, 0) }, (_, k) => {
      const row = rows.rowAt(from + k);
      return { position: from + k, row, timeMs: session.index.times.at(row), texts: session.index.textsOf(row) };
    });
  }

  async #event(session: Session, rows: RowSet, position: number): Promise<EventView> {
    const row = rowAt(rows, position);
    const { input, offset } = session.index.placeOf(row);
    const details = eventDetails(this.#core, await session.bytesOf(row));
    return { ...details, position, row, texts: session.index.textsOf(row), name: session.nameOf(input), offset };
  }

  #copy({ family, bytes }: EventBytes, as: Schema | "curl"): string {
    if (as === "curl") return curlOf(this.#core.decodeEvent(bytes));
    const documents = this.#core.convert(bytes, schemaOf(family, as));
    if (as === "cef" || as === "raw") return documents.join("\n");
    return documents.map((document) => pretty(document, (_style, text) => text).trimEnd()).join("\n");
  }

  #query({ query, filter, sort }: Extract<ToEngine, { type: "query" }>): void {
    if (this.#session === undefined) return;
    const parsed = parseFilter(filter);
    this.#current = { number: query, filter: parsed, rows: new RowSet(this.#session.index, parsed, sort) };
    this.#refresh();
  }

  /** Brings the view up to date, now or after the time that is under way. */
  #refresh(): void {
    this.#hasMore = true;
    if (this.#isRefreshing) return;
    this.#isRefreshing = true;
    void this.#refreshing().finally(() => {
      this.#isRefreshing = false;
      if (this.#hasMore) this.#refresh();
    });
  }

  async #refreshing(): Promise<void> {
    while (this.#hasMore) {
      this.#hasMore = false;
      const [session, current] = [this.#session, this.#current];
      if (session === undefined || current === undefined) return;
      const startedMs = performance.now();
      const isOver = (): boolean => this.#current !== current;
      const wasReading = session.isReading;
      await this.#turns.run(current.rows.update(), isOver);
      const time = await this.#turns.run(histogram(session.index, current.rows.inputCount, (at) => current.rows.inputRowAt(at)), isOver);
      if (isOver() || time === undefined) continue;
      this.#tell(session, current, { time, tops: current.rows.tops.read() }, !wasReading);
      if (!wasReading) continue;
      // What the picture costs is a tenth of the time at most, but the first one comes at once.
      await this.#pause(Math.max(REFRESH_MS, 9 * (performance.now() - startedMs)), () => isOver() || !session.isReading);
    }
  }

  #tell(session: Session, { number, filter, rows }: Current, charts: Charts, isSettled: boolean): void {
    const view = { count: rows.count, total: session.index.length, families: { ...session.index.families }, isSettled, problem: filter.problem, charts };
    this.#post({ type: "view", generation: session.generation, query: number, view });
  }

  /** Waits, unless there is something to do before. */
  async #pause(ms: number, isOver: () => boolean): Promise<void> {
    const endMs = performance.now() + ms;
    while (performance.now() < endMs && !isOver()) await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function rowAt(rows: RowSet, position: number): number {
  if (position < 0 || position >= rows.count) throw new Error("there is no such event");
  return rows.rowAt(position);
}
