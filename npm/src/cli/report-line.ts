/** One line a run, for people or for programs. */

import type { RunReport, RunSummary } from "../pipeline/reports.ts";
import { formatBytes, formatDuration } from "./progress.ts";
import { printable } from "./terminal.ts";

/**
 * A run in one line, without its line feed.
 *
 * @param waitMs How long the next run is away; 0 if it follows at once or there is none.
 */
export function runLine(summary: RunSummary, waitMs: number, now = new Date()): string {
  const { stream, skipped, report, error } = summary;
  const next = waitMs >= 1000 ? `; again in ${formatDuration(waitMs)}` : "";
  const said = skipped !== undefined ? `nothing was run: ${skipped}` : error === null ? outcome(report) : `${failure(summary)}; ${outcome(report)}`;
  return printable(`${now.toISOString().slice(0, 19)}Z ${stream}: ${said}${next}`);
}

/** A run as one line of JSON, without its line feed. */
export function runJson(summary: RunSummary): string {
  return JSON.stringify({ event: "run", at: new Date().toISOString(), ...summary });
}

function failure({ error }: RunSummary): string {
  if (error === null) return "";
  const facts = Object.entries(error.context).map(([name, value]) => `; ${name}: ${value}`);
  const loud = error.retryable ? "" : "STOPPED until somebody mends it: ";
  return `${loud}${error.code}: ${error.message}${facts.join("")}. What to do: ${error.user_action}`;
}

function outcome(report: RunReport): string {
  const { delivered, pages, bytes_in: bytes, wall_ms: ms } = report;
  const others = [
    count(report.dead_lettered, "dead letter"),
    report.filtered === 0 ? "" : `${thousands(report.filtered)} filtered out`,
    report.outside === 0 ? "" : `${thousands(report.outside)} outside of the window`,
    count(report.gaps, "gap"),
    count(Object.values(report.sinks).reduce((sum, { dropped }) => sum + dropped, 0), "event dropped", "events dropped"),
  ].filter((text) => text !== "");
  const amount = `${count(delivered, "event") || "no events"} delivered${others.length === 0 ? "" : ` (${others.join(", ")})`}`;
  const effort = pages === 0 ? "" : `, ${count(pages, "page")} with ${formatBytes(bytes)} in ${formatDuration(ms)}`;
  const end = report.caught_up ? ", caught up" : report.unfinished ? ", a page left half-way" : "";
  return `${amount}${effort}${end}`;
}

/** Empty for none. */
function count(number: number, one: string, many = `${one}s`): string {
  return number === 0 ? "" : `${thousands(number)} ${number === 1 ? one : many}`;
}

/** `12,345`, whatever the locale. */
export function thousands(number: number): string {
  return number.toLocaleString("en-US");
}
