/** What was opened: its inputs, read from the first to the last, and all events in them by number. */

import type { Core } from "../../../src/index.ts";
import { MOST_REPORTS, type Family, type FromEngine, type Input, type Progress } from "../protocol.ts";
import { EventIndex, MOST_EVENTS, type Place } from "./index/event-index.ts";
import { PackedStore } from "./index/packed-store.ts";
import type { Row } from "./index/row.ts";
import { Batch, BatchReader } from "./input/batch.ts";
import { LineFramer, MOST_RECORD_BYTES, ObjectFramer, type FramedRecord, type Framer } from "./input/framers.ts";
import { contentOf, decoded, eventsOf, rowOfFamily, type EventBytes } from "./input/record.ts";
import { RecordMemory } from "./input/record-memory.ts";
import { unpackedChunksOf } from "./input/gzip.ts";
import { LOOK_BYTES, isGzip, shapeOf, type Shape } from "./input/shape.ts";
import { NewestReports } from "./input/newest-reports.ts";
import { MOST_SNIPPET_BYTES } from "./input/snippet.ts";
import { Windows, chunksOf } from "./input/source.ts";
import { snippetOf } from "./output/snippet-view.ts";
import type { Turns } from "./slices.ts";

const MOST_REJECTIONS = 100;
const MOST_NOTES = 20;
const EXCERPT_UNITS = 200;
const PROGRESS_MS = 200;

const PACKED_NOTE = "The compressed input is larger than can be kept here: later events are in the table, but cannot be opened or exported. Decompress the file first.";

/** What a session tells. */
export interface Listener {
  post(message: FromEngine): void;
  /** There are more rows. */
  onRows(): void;
}

export class Session {
  readonly generation: number;
  readonly index = new EventIndex();
  readonly #core: Core;
  readonly #inputs: Input[];
  readonly #packed = new Map<number, PackedStore>();
  readonly #opened = new RecordMemory();
  readonly #reports = new NewestReports();
  readonly #batch = new Batch();
  readonly #batches: BatchReader;
  /** Of the event before. */
  #family: Family = "akamai-siem";
  readonly #listener: Listener;
  readonly #turns: Turns;
  readonly #startedMs = performance.now();
  readonly #progress: Progress;
  #toldMs = -Infinity;
  #isOver = false;

  constructor(core: Core, turns: Turns, listener: Listener, generation: number, inputs: readonly Input[]) {
    this.#core = core;
    this.#batches = new BatchReader(core);
    this.#turns = turns;
    this.#listener = listener;
    this.generation = generation;
    this.#inputs = [...inputs];
    const bytesTotal = inputs.reduce((sum, { blob }) => sum + blob.size, 0);
    this.#progress = { state: "reading", bytesRead: 0, bytesTotal, elapsedMs: 0, events: 0, contextLines: 0, rejected: 0, rejections: [], notes: [] };
  }

  get isReading(): boolean {
    return this.#progress.state === "reading";
  }

  /** Stops reading. What was read stays. */
  cancel(): void {
    this.#isOver = true;
  }

  nameOf(input: number): string {
    return this.#inputs[input]?.name ?? "";
  }

  /** Reads all inputs. It does not throw: what goes wrong becomes a note. */
  async read(): Promise<void> {
    for (const [number, input] of this.#inputs.entries()) {
      if (this.#isOver) break;
      try {
        await this.#readInput(number, input);
      } catch (error) {
        this.#note(`${input.name}: ${reasonOf(error)}`);
      }
    }
    this.#batches.free();
    const { count } = this.#reports;
    if (count > MOST_REPORTS) this.#note(`There are ${count.toLocaleString("en")} reports in the input; the last ${MOST_REPORTS} of them are shown.`);
    this.#progress.state = this.#isOver ? "cancelled" : "done";
    this.#tell(true);
    this.#listener.onRows();
  }

  /** Reads an event again. `windows` reads what lies close together at once. */
  async bytesOf(row: number, windows?: Map<number, Windows>): Promise<EventBytes> {
    const place = this.index.placeOf(row);
    const { input, offset, length, part } = place;
    const known = this.#opened.find(input, offset);
    if (known !== undefined) return known(part);
    const record = await this.#record(place, windows);
    if (record === undefined) throw new Error("its text was not kept: the compressed input is too large");
    const { isWrapped, read } = eventsOf(this.#core, record);
    if (isWrapped) this.#opened.keep(input, offset, length, read);
    return read(part);
  }

  async #record({ input, offset, length }: Place, windows: Map<number, Windows> | undefined): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const packed = this.#packed.get(input);
    if (packed !== undefined) return packed.read(offset, length);
    const blob = this.#inputs[input]?.blob;
    if (blob === undefined) return undefined;
    if (windows === undefined) return new Uint8Array(await blob.slice(offset, offset + length).arrayBuffer());
    let window = windows.get(input);
    if (window === undefined) windows.set(input, (window = new Windows(blob, 4 * 2 ** 20)));
    return window.read(offset, length);
  }

  async #readInput(number: number, input: Input): Promise<void> {
    const beginning = new Uint8Array(await input.blob.slice(0, LOOK_BYTES).arrayBuffer());
    const onBytes = (bytes: number): void => {
      this.#progress.bytesRead += bytes;
    };
    if (isGzip(beginning)) {
      this.#packed.set(number, new PackedStore());
      await this.#readChunks(number, unpackedChunksOf(input.blob, { onBytes, onNote: (note) => this.#note(`${input.name}: ${note}`) }));
      return;
    }
    const shape = shapeOf(beginning);
    if (shape === "inside" && input.blob.size <= MOST_RECORD_BYTES) {
      const whole = { name: input.name, blob: new Blob(["{", input.blob, "}"]) };
      this.#inputs[number] = whole;
      await this.#readChunks(number, chunksOf(whole.blob, onBytes));
      return;
    }
    if (shape === "snippet" && input.blob.size <= MOST_SNIPPET_BYTES) {
      const snippet = snippetOf(this.#core, await input.blob.text());
      onBytes(input.blob.size);
      if (snippet !== undefined) {
        this.#listener.post({ type: "snippet", generation: this.generation, name: input.name, snippet });
        return;
      }
      throw new Error("this is neither JSON, nor an encoded facet, nor a header block");
    }
    await this.#readChunks(number, chunksOf(input.blob, onBytes));
  }

  async #readChunks(number: number, chunks: AsyncGenerator<Uint8Array<ArrayBuffer>>): Promise<void> {
    const packed = this.#packed.get(number);
    let framer: Framer | undefined;
    for await (const given of chunks) {
      let chunk = given;
      if (framer === undefined) {
        const hasMark = chunk[0] === 0xef && chunk[1] === 0xbb && chunk[2] === 0xbf;
        const offset = hasMark ? 3 : 0;
        framer = framerOf(shapeOf(chunk), offset);
        chunk = chunk.subarray(offset);
      }
      await this.#take(number, framer.push(chunk), packed);
      if (this.#isOver) return;
      await packed?.settled();
      this.#tell(false);
    }
    if (framer !== undefined) await this.#take(number, framer.finish(), packed);
  }

  async #take(input: number, records: Iterable<FramedRecord>, packed: PackedStore | undefined): Promise<void> {
    for (const record of records) {
      if (this.#batch.add(record)) continue;
      await this.#flush(input, packed);
      if (this.#isOver) return;
      if (this.#batch.add(record)) continue;
      // What a long one takes of the core's memory is given back when nothing else lives there.
      this.#batches.free();
      this.#index(input, record, packed);
      await this.#rest();
      if (this.#isOver) return;
    }
    await this.#flush(input, packed);
    this.#listener.onRows();
  }

  /** Adds what was collected. */
  async #flush(input: number, packed: PackedStore | undefined): Promise<void> {
    const { records } = this.#batch;
    if (records.length === 0) return;
    const rows = this.#batches.rows(this.#batch, this.#family);
    for (const [at, record] of records.entries()) {
      const row = rows?.[at];
      if (row === undefined) this.#index(input, record, packed);
      else this.#add(input, record, packed, [row]);
      if (rows === undefined) await this.#rest();
      if (this.#isOver) break;
    }
    this.#batch.clear();
    await this.#rest();
  }

  /** Lets others work when it is time to. */
  async #rest(): Promise<void> {
    if (!this.#turns.isDue) return;
    this.#listener.onRows();
    await this.#turns.next();
    this.#tell(false);
  }

  /** Reads a record by itself. */
  #index(input: number, record: FramedRecord, packed: PackedStore | undefined): void {
    const { bytes, offset, length } = record;
    try {
      if (length > bytes.length) throw new Error(`it is longer than ${MOST_RECORD_BYTES / 2 ** 20} MiB`);
      const content = contentOf(this.#core, bytes);
      if (content.kind === "context") this.#progress.contextLines += 1;
      else if (content.kind === "report") this.#reports.add(this.nameOf(input), content.report);
      else if (content.kind === "event") this.#add(input, record, packed, [rowOfFamily(content.family, content.event)]);
      else this.#add(input, record, packed, content.events.map(({ family, text }) => rowOfFamily(family, decoded(this.#core, family, text))));
    } catch (error) {
      this.#reject(input, offset, bytes, reasonOf(error));
    }
  }

  /** Adds the events of a record. */
  #add(input: number, { bytes, offset, length }: FramedRecord, packed: PackedStore | undefined, rows: readonly Row[]): void {
    const place = { input, offset: packed === undefined ? offset : packed.add(bytes), length };
    if (packed?.isWhole === false) this.#note(PACKED_NOTE);
    for (const [part, row] of rows.entries()) {
      if (this.index.length >= MOST_EVENTS) break;
      this.index.add({ ...place, part }, row);
      this.#family = row.family;
    }
    this.#progress.events = this.index.length;
    if (this.index.length < MOST_EVENTS || this.#isOver) return;
    this.#note(`Reading stopped after ${MOST_EVENTS.toLocaleString("en")} events: more do not fit into the page.`);
    this.cancel();
  }

  #reject(input: number, offset: number, bytes: Uint8Array, reason: string): void {
    this.#progress.rejected += 1;
    if (this.#progress.rejections.length >= MOST_REJECTIONS) return;
    const excerpt = new TextDecoder().decode(bytes.subarray(0, EXCERPT_UNITS));
    this.#progress.rejections.push({ name: this.nameOf(input), offset, reason, excerpt });
  }

  #note(note: string): void {
    const { notes } = this.#progress;
    if (notes.length < MOST_NOTES && !notes.includes(note)) notes.push(note);
  }

  #tell(isForced: boolean): void {
    const nowMs = performance.now();
    if (!isForced && nowMs - this.#toldMs < PROGRESS_MS) return;
    this.#toldMs = nowMs;
    const reports = this.#reports.take(isForced ? Infinity : nowMs);
    if (reports.length > 0) this.#listener.post({ type: "reports", generation: this.generation, reports });
    this.#progress.elapsedMs = nowMs - this.#startedMs;
    this.#listener.post({ type: "progress", generation: this.generation, progress: structuredClone(this.#progress) });
  }
}

function framerOf(shape: Shape, offset: number): Framer {
  if (shape === "utf-16") throw new Error("this is UTF-16; save it as UTF-8");
  return shape === "objects" ? new ObjectFramer(offset) : new LineFramer(offset);
}

/** What an error says, in words. */
export function reasonOf(error: unknown): string {
  if (error instanceof DOMException && /^(?:NotReadable|NotFound)Error$/.test(error.name)) return "the file has changed or cannot be read any more; open it again";
  return (error instanceof Error ? error.message : String(error)).slice(0, 300);
}
