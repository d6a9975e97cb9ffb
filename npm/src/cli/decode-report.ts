/** What `decode` says of its inputs, for readers and for scripts. */

import type { InputShape } from "./json-lines.ts";
import type { SourcePlace } from "./line-source.ts";
import type { EventsName, PageContext, RejectedLine } from "../index.ts";
import { printable } from "./terminal.ts";

/** So many rejected lines of an input are shown one by one; whoever made a million of them gets no million messages. */
const MOST_SHOWN = 20;

/** What became of one input. Its members are those of `--json`. */
export interface InputReport {
  input: string;
  shape: InputShape;
  /** Bytes that were read, unpacked. */
  bytes: number;
  /** Events that became documents; one may become several or none. */
  events: number;
  documents: number;
  /** Lines that are no events. */
  rejected: number;
  /** Encoded pieces of the events that were kept as they came. */
  undecoded: number;
  /** The first of the rejected lines: with the byte of the line (from 0), or in JSON over several lines with the column (from 1) and the line in which the value begins. */
  rejected_lines: { line: number; at?: number; column?: number; begins_at_line?: number; reason: string }[];
  /** What is likely to be wrong with all of it, `null` if nothing is. */
  hint: string | null;
  /** There if the input ends within an answer of Trend Micro's API. */
  is_cut?: true;
  /** The context line at the end, `null` if there is none. */
  context: PageContext | null;
}

export function newReport(input: string): InputReport {
  return { input, shape: "multi-json", bytes: 0, events: 0, documents: 0, rejected: 0, undecoded: 0, rejected_lines: [], hint: null, context: null };
}

/** What tells where a line that was rewritten comes from. */
export interface Origins {
  placeOf(line: number, at: number | undefined): SourcePlace;
}

/** Counts a rejected line, or a part of one, and returns what is said of it: `undefined` for nothing. */
export function reject(report: InputReport, rejected: RejectedLine, origins: Origins | undefined): string | undefined {
  // Of a line that is too long, each part comes by itself.
  if (rejected.part !== undefined && rejected.part.index > 0) return undefined;
  report.rejected += 1;
  if (report.rejected > MOST_SHOWN) return undefined;
  const { line, at, reason } = rejected;
  const source = origins?.placeOf(line, at);
  report.rejected_lines.push(source === undefined ? { line, ...(at === undefined ? {} : { at }), reason } : { ...placeJson(source), reason });
  const name = printable(report.input);
  if (report.hint !== null) return report.rejected === 1 ? `edgesiem: ${name}: ${report.hint}` : undefined;
  if (source !== undefined) return `edgesiem: ${name}: ${placeText(source)}: ${printable(reason)}${source.beginsAtLine === source.line ? "" : `; the value begins at line ${source.beginsAtLine}`}`;
  return `edgesiem: ${name}: ${at === undefined ? `line ${line}` : `line ${line}, byte ${at + 1}`}: ${printable(reason)}`;
}

function placeJson({ line, column, beginsAtLine }: SourcePlace): { line: number; column?: number; begins_at_line: number } {
  return { line, ...(column === undefined ? {} : { column }), begins_at_line: beginsAtLine };
}

function placeText({ line, column }: SourcePlace): string {
  return column === undefined ? `line ${line}` : `line ${line}, column ${column}`;
}

/** The last lines about an input. */
export function summary(report: InputReport, of: EventsName): string {
  const { rejected, context, events, documents, undecoded } = report;
  const name = printable(report.input);
  const lines: string[] = [];
  if (report.shape === "multi-json" && events === 0 && rejected === 0 && context === null) return `edgesiem: ${name}: empty\n`;
  if (rejected > MOST_SHOWN && report.hint === null) lines.push(`${name}: ${rejected - MOST_SHOWN} more rejected lines are not shown; --rejects FILE keeps all of them`);
  const counts = [plural(events, "event")];
  if (documents !== events) counts.push(plural(documents, "document"));
  if (rejected > 0) counts.push(`${plural(rejected, "line")} rejected`);
  if (undecoded > 0) counts.push(`${plural(undecoded, "encoded piece")} kept as it came`);
  lines.push(`${name}: ${counts.join(", ")}${contextText(report, of)}`);
  if (report.hint !== null && rejected === 0) lines.push(`${name}: ${report.hint}`);
  const lost = (context?.total ?? events + rejected) - events - rejected;
  if (lost !== 0) lines.push(`${name}: the context line counts ${plural(context?.total ?? 0, "event")}: ${Math.abs(lost)} ${lost > 0 ? "fewer" : "more"} came`);
  return lines.map((line) => `edgesiem: ${line}\n`).join("");
}

function contextText({ context, shape, hint, is_cut: isCut }: InputReport, of: EventsName): string {
  if (isCut === true) return ". It ends within an answer of the API, which was cut: fetch it again";
  if (context === null) {
    const isPage = of === "akamai-siem" && shape === "multi-json" && hint === null;
    return isPage ? ". No context line: if this is a page of the API, it was cut; fetch it again from the same offset" : "";
  }
  const parts = [`offset ${printable(context.offset)}`];
  if (context.total !== undefined) parts.push(`total ${context.total}`);
  if (context.limit !== undefined) parts.push(`limit ${context.limit}`);
  return `; ${parts.join(", ")}`;
}

function plural(count: number, noun: string): string {
  // `toLocaleString` would load the tables of all languages, which takes longer than a page.
  const digits = String(count).replaceAll(/\B(?=(?:\d{3})+$)/g, ",");
  return `${digits} ${noun}${count === 1 ? "" : "s"}`;
}
