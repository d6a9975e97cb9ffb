/** What a pipeline tells of itself. The same shapes as in the Worker's log and in its `GET /status`. */

/** A stream as it is configured. */
export interface StreamInfo {
  id: string;
  /** Kind of its source, such as `akamai-siem`. */
  source: string;
  /** Name of the schema that its events are written in. */
  schema: string;
  /** Where its events go. */
  sinks: { name: string; required: boolean }[];
}

/** What a run did. */
export interface RunSummary {
  stream: string;
  /** Whether it did all that it should. */
  ok: boolean;
  /** Why nothing was run, if nothing was: the stream is paused, or another run holds it. */
  skipped?: string;
  report: RunReport;
  /** Why it ended early; the checkpoint stands where it stood after the last whole page. */
  error: RunError | null;
}

/** Figures of one run. `fetched = delivered + dead_lettered + outside + filtered`, of committed pages. Bytes are uncompressed. */
export interface RunReport {
  pages: number;
  fetched: number;
  delivered: number;
  dead_lettered: number;
  /** Events outside of a replay's window. */
  outside: number;
  filtered: number;
  /** Single values that stayed as they came because they could not be decoded. */
  undecoded: number;
  bytes_in: number;
  bytes_out: number;
  posts: number;
  retries: number;
  source_retries: number;
  /** How often the source no longer had what it was asked for. */
  gaps: number;
  /** Whether the source had no more events at the end. */
  caught_up: boolean;
  /** Whether the run left a page half-way, to be finished by the next one. */
  unfinished: boolean;
  wall_ms: number;
  /** By the sink's name. */
  sinks: Record<string, SinkReport>;
}

/** What was sent to one sink. */
export interface SinkReport {
  batches: number;
  events: number;
  /** Batches that it had accepted in an earlier run and was not sent again. */
  resumed_batches: number;
  posts: number;
  bytes: number;
  /** Attempts that had to be repeated, by class, such as `429` or `timeout`. */
  retries: Record<string, number>;
  /** Events that it refused and that are dead letters. */
  refused: number;
  /** Events that an optional sink did not get, neither sent nor kept. */
  dropped: number;
}

/** Why a run ended early. Every text is safe to print. */
export interface RunError {
  /** Such as `source_refused` or `sink_unavailable`. */
  code: string;
  message: string;
  context: Record<string, string>;
  /** What to do. */
  user_action: string;
  /** Whether the next run may succeed without anybody doing anything. */
  retryable: boolean;
}

/** What a check of a stream found. */
export interface CheckReport {
  source: Finding;
  /** In the order of the configuration. */
  sinks: { name: string; finding: Finding }[];
}

/** What was found at one place. */
export interface Finding {
  /** `unknown`: nothing can be asked without delivering something. */
  outcome: "ok" | "failed" | "unknown";
  message: string;
  code?: string;
  /** What to do, if there is something to do. */
  user_action?: string;
  /** The server's clock minus ours, as far as its answer tells. */
  clock_skew_ms?: number;
  wall_ms?: number;
}

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
