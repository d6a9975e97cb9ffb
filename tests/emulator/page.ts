/** The body of one response: events, one a line, and the context line. */

import type { EventStream } from "./events.ts";
import type { Fault, LineEdit } from "./faults.ts";
import { Random } from "./random.ts";

const CHUNK_BYTES = 256 * 1024;
const NEWLINE = 0x0a;

export interface Page {
  events: EventStream;
  /** The first event and the one after the last. */
  start: number;
  end: number;
  /** The context line with its line break, if it has one. */
  context: string;
  fault: Fault | undefined;
}

/** Akamai's writing of the context line varies; so does this one, by `variant`. */
export function contextLine(variant: number, total: number, offset: string, limit: number | undefined): string {
  const members: [string, string | number][] = [["total", total], ["offset", offset]];
  if (limit !== undefined) members.push(["limit", limit]);
  const pairs = (colon: string, comma: string): string => members.map(([k, v]) => `"${k}"${colon}${JSON.stringify(v)}`).join(comma);
  const lineBreak = variant & 4 ? "\n" : "";
  switch (variant & 3) {
    case 0:
      members.reverse();
      return `{${pairs(":", ",")}}${lineBreak}`;
    case 1:
      return `{${pairs(": ", ", ")}}${lineBreak}`;
    default:
      return `{ ${pairs(": ", ", ")} }${lineBreak}`;
  }
}

export function pageBody(page: Page): Iterable<Buffer> {
  const { fault } = page;
  const isPlain = !fault?.edits && !fault?.layout && fault?.reorderSeed === undefined && fault?.cut?.lines === undefined;
  return isPlain ? wholeLines(page) : joined(faultyLines(page));
}

function* wholeLines({ events, start, end, context, fault }: Page): Generator<Buffer> {
  let chunk = Buffer.allocUnsafeSlow(CHUNK_BYTES);
  let used = 0;
  for (let i = start; i < end; i += 1) {
    const size = events.size(i) + 1;
    if (used + size > chunk.length) {
      if (used > 0) yield chunk.subarray(0, used);
      // The one that was handed on is being sent; it must not be written to again.
      chunk = Buffer.allocUnsafeSlow(Math.max(CHUNK_BYTES, size));
      used = 0;
    }
    used = events.copy(i, chunk, used);
    chunk[used] = NEWLINE;
    used += 1;
  }
  if (used > 0) yield chunk.subarray(0, used);
  if (fault?.context !== "missing") yield Buffer.from(context);
}

function* faultyLines(page: Page): Generator<Buffer> {
  const { events, start, end, context, fault } = page;
  const order = Array.from({ length: end - start }, (_, k) => start + k);
  const indices = fault?.reorderSeed === undefined ? order : new Random(fault.reorderSeed).shuffle(order);
  const most = fault?.cut?.lines ?? Infinity;
  let count = 0;
  for (const i of indices) {
    for (const line of edited(events.line(i), count, i, fault?.edits ?? [])) {
      if (count >= most) return;
      yield laidOut(line, fault?.layout);
      count += 1;
    }
  }
  if (count < most && fault?.context !== "missing") yield laidOut(Buffer.from(context.trimEnd()), fault?.layout);
}

function edited(line: Buffer, number: number, event: number, edits: readonly LineEdit[]): Buffer[] {
  let lines = [line];
  for (const edit of edits) {
    if ("line" in edit ? edit.line !== number : edit.event !== event) continue;
    if ("replace" in edit) lines = [Buffer.from(edit.replace)];
    else if ("replaceBase64" in edit) lines = [Buffer.from(edit.replaceBase64, "base64")];
    else if ("duplicate" in edit) lines = [...lines, ...lines];
    else {
      const { byte, bit } = edit.flip;
      lines = lines.map((old) => {
        const flipped = Buffer.from(old);
        flipped[byte] = (flipped[byte] ?? 0) ^ (1 << bit);
        return flipped;
      });
    }
  }
  return lines;
}

function laidOut(line: Buffer, layout: Fault["layout"]): Buffer {
  switch (layout) {
    case "blank-lines":
      return Buffer.concat([Buffer.from("\n \t\n"), line, Buffer.from("\n\n")]);
    case "indented":
      return Buffer.concat([Buffer.from("            "), line, Buffer.from(" \n")]);
    case "crlf":
      return Buffer.concat([line, Buffer.from("\r\n")]);
    default:
      return Buffer.concat([line, Buffer.from("\n")]);
  }
}

function* joined(lines: Iterable<Buffer>): Generator<Buffer> {
  let parts: Buffer[] = [];
  let bytes = 0;
  for (const line of lines) {
    parts.push(line);
    bytes += line.length;
    if (bytes >= CHUNK_BYTES) {
      yield Buffer.concat(parts);
      parts = [];
      bytes = 0;
    }
  }
  if (bytes > 0) yield Buffer.concat(parts);
}
