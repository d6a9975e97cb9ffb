/** One input through the decoder: bytes in, documents out. */

import { UnwrappedAnswers } from "../core/answers.ts";
import { eventsOf } from "../core/events.ts";
import type { EventsName, PageDecoder } from "../index.ts";
import { BlockDecoder } from "./decode-block.ts";
import { ParallelDecoding } from "./decode-parallel.ts";
import { newReport, type InputReport } from "./decode-report.ts";
import { Results, type Destination } from "./decode-results.ts";
import type { DecodeThreads } from "./decode-threads.ts";
import { chunksOf, type Input } from "./input.ts";
import { ObjectLines, isInsideOfObject, shapeOf, type InputShape } from "./json-lines.ts";
import { byteProgress, type StatusLine } from "./progress.ts";
import { refuseUtf16 } from "./utf16.ts";

/** An input with no more bytes is decoded before a thread would be there. */
const ALONE_BYTES = 16 * 1024 * 1024;
/** After so many bytes threads, which were started before, are ready, and take over. */
const THREADED_BYTES = 32 * 1024 * 1024;

const INSIDE = "this looks like the inside of an event: put { } around it";

const LF = 0x0a;

export interface DecodeJob extends Destination {
  decoder: PageDecoder;
  /** Who takes over when an input is long; `undefined`: nobody. */
  threads: DecodeThreads | undefined;
  /** Whose events are to be in the input. */
  events: EventsName;
  shape: InputShape | "auto";
  status: StatusLine;
}

/** A way to decode an input. */
export interface Decoding {
  /** Takes the next bytes, and resolves when there is room for more. */
  take(chunk: Uint8Array): Promise<void>;
  /** Nothing comes for now, but what came shall be written. Resolves with whether that took its time, so that something may have come. */
  pause(): Promise<boolean>;
  /** Resolves when all that came of the lines that ended is written. Nothing else may be called then but `end`. */
  finish(): Promise<void>;
  /** The input ended. Resolves when all that came of it is written. */
  end(): Promise<void>;
}

/** Decodes an input to its end, whatever is in it. Throws if it cannot be read, or the output not be written. */
export function decodeInput(input: Input, job: DecodeJob): Promise<InputReport> {
  return new Promise((resolve, reject) => {
    // What other threads made may be impossible to write while the input has nothing to read.
    decodeOrFail(input, job, reject).then(resolve, reject);
  });
}

async function decodeOrFail(input: Input, job: DecodeJob, fail: (error: unknown) => void): Promise<InputReport> {
  const { status, threads } = job;
  const report = newReport(input.name);
  const lines = new ObjectLines();
  const results = new Results(job, report, () => (report.shape === "json" ? lines : undefined));
  const decoder = new BlockDecoder(job.decoder);
  const alone = new DecodingAlone(decoder, results);
  let decoding: Decoding = alone;
  const startedMs = performance.now();
  const chunks = countBytes(chunksOf(input, () => decoding.pause()), report);
  try {
    for await (const chunk of eventLines(chunks, report, job, lines)) {
      const mayHandOver = threads !== undefined && decoding === alone && report.shape === "multi-json";
      if (mayHandOver && report.bytes > ALONE_BYTES) threads.start();
      const begun = chunk.lastIndexOf(LF) + 1;
      if (mayHandOver && report.bytes > THREADED_BYTES && begun > 0) {
        await alone.take(chunk.subarray(0, begun));
        alone.endBlock();
        decoding = new ParallelDecoding(threads, decoder, results, fail);
        await decoding.take(chunk.subarray(begun));
      } else {
        await decoding.take(chunk);
      }
      status.show(() => byteProgress(report.bytes, input.bytes, performance.now() - startedMs));
    }
  } catch (error) {
    await decoding.finish().catch(() => undefined);
    throw error;
  }
  await decoding.end();
  return report;
}

/** On this thread, as everything begins. */
class DecodingAlone implements Decoding {
  readonly #decoder: BlockDecoder;
  readonly #results: Results;

  constructor(decoder: BlockDecoder, results: Results) {
    this.#decoder = decoder;
    this.#results = results;
  }

  async take(chunk: Uint8Array): Promise<void> {
    for (const piece of this.#decoder.pieces(chunk)) await this.#results.take(piece);
  }

  async pause(): Promise<boolean> {
    await this.#results.drain();
    return false;
  }

  finish(): Promise<void> {
    return this.#results.drain();
  }

  async end(): Promise<void> {
    // The last line may lack its line feed.
    await this.take(Uint8Array.of(LF));
    await this.finish();
    this.endBlock();
  }

  /** To be called when the last line ended. */
  endBlock(): void {
    this.#results.end(this.#decoder.end());
  }
}

async function* countBytes(chunks: AsyncIterable<Uint8Array>, report: InputReport): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    report.bytes += chunk.length;
    yield chunk;
  }
}

/** The chunks with one event a line, whatever the shape of the input, which the report tells afterwards. */
async function* eventLines(chunks: AsyncGenerator<Uint8Array>, report: InputReport, { events, shape: wanted }: DecodeJob, lines: ObjectLines): AsyncGenerator<Uint8Array> {
  let beginning: Uint8Array = new Uint8Array();
  let shape: InputShape | undefined;
  while (shape === undefined) {
    const next = await chunks.next();
    if (next.done !== true) beginning = Buffer.concat([beginning, next.value]);
    shape = wanted === "auto" ? shapeOf(withoutMark(beginning, report.input), events) : wanted;
    if (next.done === true) shape ??= "multi-json";
  }
  report.shape = shape;
  const first = withoutMark(beginning, report.input);
  if (wanted === "auto" && shape === "multi-json" && isInsideOfObject(first)) report.hint = INSIDE;
  const others = eventsOf(first);
  if (others !== undefined && others !== events) report.hint = `these look like events of ${others}: add --events ${others}`;
  if (shape === "multi-json") {
    yield first;
    yield* chunks;
    return;
  }
  const answers = events === "trend-micro-cas" ? new UnwrappedAnswers() : undefined;
  const unwrapped = (chunk: Uint8Array): Uint8Array => answers?.push(chunk) ?? chunk;
  yield lines.push(unwrapped(first));
  for await (const chunk of chunks) yield lines.push(unwrapped(chunk));
  if (answers === undefined) return;
  yield lines.push(answers.finish());
  if (answers.isWithinAnswer) report.is_cut = true;
}

/** Editors on Windows put a byte order mark before the text. */
function withoutMark(beginning: Uint8Array, name: string): Uint8Array {
  refuseUtf16(name, beginning);
  const [first, second, third] = beginning;
  return first === 0xef && second === 0xbb && third === 0xbf ? beginning.subarray(3) : beginning;
}
