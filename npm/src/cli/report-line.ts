/** One line a run, for people or for programs. */

import type { RunError, RunReport, RunSummary } from "../pipeline/reports.ts";
import { formatBytes, formatDuration } from "./progress.ts";
import type { SeenGap } from "./pull-progress.ts";
import { printable } from "./terminal.ts";

/** So much of a server's answer is shown where there is little room. */
const BRIEF_CHARS = 200;

/** What a run's line says beside the run. */
export interface LineOptions {
  /** How long the next run is away; 0 or left out if it follows at once or there is none. */
  waitMs?: number;
  /** The first and the last gap of the run. */
  gaps?: readonly [first: SeenGap, last: SeenGap] | undefined;
  /** Whether something is kept that can be looked at afterwards. */
  isKept?: boolean;
  /** Whether of a server's long answers only what matters is shown. */
  isBrief?: boolean;
  now?: Date;
}

/** A run in one line, without its line feed. */
export function runLine(summary: RunSummary, options: LineOptions = {}): string {
  const { stream, skipped, error } = summary;
  const { waitMs = 0, now = new Date() } = options;
  const again = error === null ? "again" : "tried again";
  const next = waitMs >= 1000 ? `; ${again} in ${formatDuration(waitMs)}` : "";
  const done = outcome(summary, options);
  const said = skipped !== undefined ? `nothing was run: ${skipped}` : error === null ? done : `${failure(error, options)}; ${done}`;
  return printable(`${timeText(now.getTime())} ${stream}: ${said}${next}`);
}

/** A run as one line of JSON, without its line feed. */
export function runJson(summary: RunSummary): string {
  return JSON.stringify({ event: "run", at: new Date().toISOString(), ...summary });
}

function failure(error: RunError, { waitMs = 0, isBrief = false }: LineOptions): string {
  const facts = Object.entries(error.context).map(([name, value]) => `; ${name}: ${isBrief ? brief(value) : value}`);
  // A page that was cut is asked for again without a pause.
  const isFailed = waitMs < 1000 && error.code !== "page_incomplete";
  const loud = isFailed ? "failed: " : error.retryable ? "" : "STOPPED: ";
  return `${loud}${error.code}: ${error.message}${facts.join("")}. What to do: ${error.user_action}`;
}

/** Of a server's answer, what it says about itself, or its beginning. */
function brief(answer: string): string {
  const text = detailOf(answer) ?? answer;
  return text.length > BRIEF_CHARS ? `${text.slice(0, BRIEF_CHARS)}…` : text;
}

/** The `detail` of problem details (RFC 9457). */
function detailOf(answer: string): string | undefined {
  try {
    const { detail } = Object(JSON.parse(answer)) as { detail?: unknown };
    return typeof detail === "string" && detail !== "" ? detail : undefined;
  } catch {
    return undefined;
  }
}

function outcome({ stream, report }: RunSummary, options: LineOptions): string {
  const { pages, bytes_in: bytes, wall_ms: ms } = report;
  const others = [
    count(report.dead_lettered, "dead letter"),
    report.filtered === 0 ? "" : `${thousands(report.filtered)} filtered out`,
    report.outside === 0 ? "" : `${thousands(report.outside)} outside of the window`,
    gapsText(stream, report.gaps, options),
    count(Object.values(report.sinks).reduce((sum, { dropped }) => sum + dropped, 0), "event dropped", "events dropped"),
  ].filter((text) => text !== "");
  const amount = `${amountText(report)}${others.length === 0 ? "" : ` (${others.join(", ")})`}`;
  const effort = pages === 0 ? "" : `, ${count(pages, "page")} with ${formatBytes(bytes)} in ${formatDuration(ms)}`;
  const end = report.caught_up ? ", caught up" : report.unfinished ? ", a page left half-way" : "";
  return `${amount}${effort}${end}`;
}

/** Events count as delivered when every sink has the whole page; until then, what a sink has is more than nothing. */
function amountText({ delivered, sinks }: RunReport): string {
  if (delivered > 0) return `${count(delivered, "event")} delivered`;
  const accepted = Math.max(0, ...Object.values(sinks).map(({ events }) => events));
  return accepted === 0 ? "no events delivered" : `${count(accepted, "event")} accepted by sinks, counted when their page is complete`;
}

function gapsText(stream: string, number: number, { gaps, isKept = false }: LineOptions): string {
  if (number === 0) return "";
  const window = gaps === undefined ? "" : `: ${timeText(gaps[0].fromMs)} to ${timeText(gaps[1].toMs)}`;
  return `${count(number, "gap")}${window}${isKept ? `; edgesiem stream gaps ${stream}` : ""}`;
}

function timeText(ms: number | undefined): string {
  const time = ms === undefined ? undefined : new Date(ms);
  return time === undefined || Number.isNaN(time.getTime()) ? "an unknown time" : `${time.toISOString().slice(0, 19)}Z`;
}

/** Empty for none. */
function count(number: number, one: string, many = `${one}s`): string {
  return number === 0 ? "" : `${thousands(number)} ${number === 1 ? one : many}`;
}

/** `12,345`, whatever the locale. */
export function thousands(number: number): string {
  return number.toLocaleString("en-US");
}
