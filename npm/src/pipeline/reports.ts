/** What a pipeline tells of itself. The same shapes as in the Worker's log and in its `GET /status`. */

import type { RunReport } from "../../pkg-pipeline/edgesiem_wasm_pipeline.js";

export type { CheckReport, Finding, RunError, RunReport, RunSummary, SinkReport, StreamInfo } from "../../pkg-pipeline/edgesiem_wasm_pipeline.js";

/**
 * One thing to do with a stream, as the Worker's HTTP surface has them. Times are milliseconds since 1970.
 *
 * `sink: null` means the letters that no sink refused, because they could not be read.
 */
export type Operation =
  | "status"
  | { pause: { abort: boolean } }
  | "resume"
  | { reset: { from: number | null } }
  | { list_letters: { after: string | null; limit: number } }
  | { show_letter: LetterKey }
  | { redeliver: Letters }
  | { delete_letters: Letters }
  | "list_gaps"
  | { acknowledge_gaps: "all" | { these: number[] } };

/** Which dead letters are meant. */
export type Letters = "all" | { sink: string | null } | { these: LetterKey[] };

/** Names one dead letter. */
export interface LetterKey {
  /** The event's id. */
  id: string;
  sink: string | null;
}

/** A report of a run in which nothing happened. */
export function emptyReport(): RunReport {
  return {
    pages: 0,
    fetched: 0,
    delivered: 0,
    dead_lettered: 0,
    outside: 0,
    filtered: 0,
    undecoded: 0,
    bytes_in: 0,
    bytes_out: 0,
    posts: 0,
    retries: 0,
    source_retries: 0,
    gaps: 0,
    caught_up: false,
    unfinished: false,
    wall_ms: 0,
    sinks: {},
  };
}
