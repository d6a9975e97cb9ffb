/** Where streams stand, for people. */

import { formatDuration } from "./progress.ts";
import { thousands } from "./report-line.ts";
import { RUN_CUT_OFF } from "./status-run.ts";
import { printable } from "./terminal.ts";

/** What is read of a stream's status. */
export interface StreamStatus {
  stream: string;
  position: null | {
    saved_at: number;
    last_event_at: number | null;
    clock_skew_ms: number;
    counters: { delivered: number; dead_lettered: number };
  };
  running_since: number | null;
  paused_at: number | null;
  runs: { ended_at: number | null; last_success_at: number | null; error: null | { code: string } };
  gaps_unacknowledged: number;
  dead_letters: { kept: number };
  problems: { severity: "warning" | "red"; kind: string; text: string }[];
}

const HEADINGS = ["STREAM", "OFFSET AGE", "LAG", "LAST RUN", "DELIVERED", "GAPS", "DEAD LETTERS", "STATE"] as const;

/** A table, and below it what is wrong. Lines end with line feeds. */
export function statusTable(streams: readonly StreamStatus[], now = Date.now()): string {
  const rows = [[...HEADINGS], ...streams.map((stream) => row(stream, now))];
  const widths = HEADINGS.map((_, column) => Math.max(...rows.map((cells) => (cells[column] ?? "").length)));
  const lines = rows.map((cells) => cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ").trimEnd());
  const problems = streams.flatMap(({ stream, problems }) => problems.map(({ severity, text }) => `${severity === "red" ? "RED" : "warning"}: ${stream}: ${text}`));
  if (problems.length > 0) lines.push("", ...problems);
  return `${lines.map((line) => printable(line)).join("\n")}\n`;
}

/** Whether events are late, lost or about to be. */
export function isRed({ problems }: StreamStatus): boolean {
  return problems.some(({ severity }) => severity === "red");
}

function row(status: StreamStatus, now: number): string[] {
  const { position, runs } = status;
  const since = (time: number | null | undefined): string => (time === null || time === undefined ? "-" : formatDuration(Math.max(now - time, 0)));
  const lastEvent = position?.last_event_at ?? null;
  return [
    status.stream,
    since(position?.saved_at),
    lastEvent === null ? "-" : since(lastEvent - (position?.clock_skew_ms ?? 0)),
    since(runs.ended_at),
    thousands(position?.counters.delivered ?? 0),
    thousands(status.gaps_unacknowledged),
    thousands(status.dead_letters.kept),
    state(status),
  ];
}

function state(status: StreamStatus): string {
  if (status.paused_at !== null) return "paused";
  if (status.problems.some(({ kind }) => kind === RUN_CUT_OFF)) return "cut off";
  if (status.running_since !== null) return "running";
  if (status.runs.error !== null) return status.runs.error.code;
  return status.runs.ended_at === null ? "never run" : isRed(status) ? "red" : "well";
}
