/** One input through the decoder: bytes in, documents out. */

import type { PageDecoder } from "../index.ts";
import { newReport, reject, type InputReport, type Origins } from "./decode-report.ts";
import { CommandError, EXIT } from "./exit.ts";
import { chunksOf, type Input } from "./input.ts";
import { ObjectLines, isInsideOfObject, shapeOf, type InputShape } from "./json-lines.ts";
import type { Output } from "./output.ts";
import { byteProgress, type StatusLine } from "./progress.ts";
import type { Rejects } from "./rejects.ts";

/** So much may wait for a slow reader, in bytes, before reading stops. */
const MOST_WAITING_BYTES = 512 * 1024;

const INSIDE = "this looks like the inside of an event: put { } around it";

const LF = new Uint8Array([0x0a]);

export interface DecodeJob {
  decoder: PageDecoder;
  shape: InputShape | "auto";
  output: Output;
  /** What documents become before they are written. */
  present(documents: Uint8Array): Uint8Array;
  rejects: Rejects | undefined;
  status: StatusLine;
  /** Says something of a rejected line. */
  say(line: string): void;
}

/** Decodes an input to its end, whatever is in it. Throws if it cannot be read, or the output not be written. */
export async function decodeInput(input: Input, job: DecodeJob): Promise<InputReport> {
  const { decoder, output, status } = job;
  const report = newReport(input.name);
  const lines = new ObjectLines();
  const origins = (): Origins | undefined => (report.shape === "json" ? lines : undefined);
  const startedMs = performance.now();
  const decode = async (chunk: Uint8Array): Promise<void> => {
    decoder.write(chunk);
    // An event may become a thousand times as many bytes, a document for each of its rules.
    for (let documents = decoder.read(); documents !== undefined; documents = decoder.read()) {
      if (documents.length > 0) output.write(job.present(documents));
      for (const rejected of decoder.rejected) {
        job.rejects?.write(rejected);
        const said = reject(report, rejected, origins());
        if (said !== undefined) job.say(said);
      }
      if (output.waitingBytes > MOST_WAITING_BYTES) await output.drain();
    }
  };

  const chunks = countBytes(chunksOf(input, () => output.drain()), report);
  for await (const chunk of eventLines(chunks, report, job.shape, lines)) {
    await decode(chunk);
    status.show(() => byteProgress(report.bytes, input.bytes, performance.now() - startedMs));
  }
  // The last line may lack its line feed.
  await decode(LF);
  await output.drain();
  report.context = decoder.finish().context ?? null;
  const { events, documents, undecoded } = decoder.counts;
  return { ...report, events, documents, undecoded };
}

async function* countBytes(chunks: AsyncIterable<Uint8Array>, report: InputReport): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    report.bytes += chunk.length;
    yield chunk;
  }
}

/** The chunks with one event a line, whatever the shape of the input, which the report tells afterwards. */
async function* eventLines(chunks: AsyncGenerator<Uint8Array>, report: InputReport, wanted: DecodeJob["shape"], lines: ObjectLines): AsyncGenerator<Uint8Array> {
  let beginning: Uint8Array = new Uint8Array();
  let shape: InputShape | undefined;
  while (shape === undefined) {
    const next = await chunks.next();
    if (next.done !== true) beginning = Buffer.concat([beginning, next.value]);
    shape = wanted === "auto" ? shapeOf(beginning) : wanted;
    if (next.done === true) shape ??= "multi-json";
  }
  report.shape = shape;
  const first = withoutMark(beginning, report.input);
  if (wanted === "auto" && shape === "multi-json" && isInsideOfObject(first)) report.hint = INSIDE;
  if (shape === "multi-json") {
    yield first;
    yield* chunks;
    return;
  }
  yield lines.push(first);
  for await (const chunk of chunks) yield lines.push(chunk);
}

/** Editors on Windows put a byte order mark before the text. */
function withoutMark(beginning: Uint8Array, name: string): Uint8Array {
  const [first, second, third] = beginning;
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)) {
    throw new CommandError(`${name} is UTF-16`, EXIT.usage, "save it as UTF-8; in PowerShell with: Out-File -Encoding utf8");
  }
  return first === 0xef && second === 0xbb && third === 0xbf ? beginning.subarray(3) : beginning;
}
