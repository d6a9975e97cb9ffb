/** What the page and its engine, which runs in a worker, say to each other. Everything here crosses by structured clone. */

/** Whose events: lines of Akamai's SIEM API, or elements of `security_events` of Trend Micro Cloud App Security. */
export const FAMILIES = ["akamai-siem", "trend-micro-cas"] as const;
export type Family = (typeof FAMILIES)[number];

/**
 * Columns of texts. Each row has a code for each of them; `rules` holds the ids of all rules of the event, one a line. `action` and
 * `status`, which is the result of the action there, are of both families.
 */
export const TEXT_COLUMNS = ["client", "method", "host", "path", "query", "action", "country", "status", "rules", "user", "service", "event", "policy", "threat", "subject"] as const;
export type TextColumn = (typeof TEXT_COLUMNS)[number];
export type Column = "time" | TextColumn;

/** The columns that events of a family have, in the order of the table. */
export const COLUMNS_OF: Readonly<Record<Family, readonly Column[]>> = {
  "akamai-siem": ["time", "client", "method", "host", "path", "query", "action", "country", "status", "rules"],
  "trend-micro-cas": ["time", "user", "service", "event", "action", "status", "policy", "threat", "subject"],
};
/** All columns, in the order of the table. */
export const COLUMNS: readonly Column[] = ["time", "client", "user", "service", "event", "method", "host", "path", "query", "action", "country", "status", "policy", "threat", "subject", "rules"];

/** What charts count. `rules` counts each rule of an event. */
export const TOP_COLUMNS = ["rules", "client", "country", "host", "path", "user", "service", "policy", "threat", "subject"] as const;
export type TopColumn = (typeof TOP_COLUMNS)[number];

/** Schemas that an event can be copied and exported in. */
export const SCHEMAS = ["decoded", "raw", "ecs", "ocsf", "cef", "otel", "elastic-integration", "sentinel"] as const;
export type Schema = (typeof SCHEMAS)[number];
/** Those that events of a family can be converted to. */
export const SCHEMAS_OF: Readonly<Record<Family, readonly Schema[]>> = {
  "akamai-siem": SCHEMAS,
  "trend-micro-cas": ["decoded", "raw", "ecs", "ocsf", "cef", "otel"],
};
export type ExportFormat = Schema | "csv";

/**
 * So many rows are exported in the order of the table; more are in that of the input, because each out of its order is read from the file by
 * itself.
 */
export const MOST_SORTED_ROWS = 20_000;

/** `input` is the order in which events were read. */
export interface Sort {
  by: Column | "input";
  descending: boolean;
}

/** Something to read: a file, or pasted text as a Blob. */
export interface Input {
  name: string;
  blob: Blob;
}

/** What the page asks. `ask` and `query` are numbers of the page's own, which answers repeat. */
export type ToEngine =
  | { type: "open"; generation: number; inputs: Input[] }
  | { type: "cancel" }
  | { type: "query"; query: number; filter: string; sort: Sort }
  | { type: "rows"; ask: number; from: number; count: number }
  | { type: "event"; ask: number; position: number }
  | { type: "copy"; ask: number; position: number; as: Schema | "curl" }
  /** Begins an export of the rows that the filter leaves, up to MOST_SORTED_ROWS in the order of the table, or asks for its next part. */
  | { type: "export"; ask: number; format: ExportFormat; columns: Column[] }
  | { type: "part"; ask: number; export: number }
  | { type: "end-export"; export: number };

export type FromEngine =
  | { type: "ready" }
  | { type: "progress"; generation: number; progress: Progress }
  /** Reports that came since, in their order. */
  | { type: "reports"; generation: number; reports: NamedReport[] }
  | { type: "snippet"; generation: number; name: string; snippet: Snippet }
  | { type: "view"; generation: number; query: number; view: View }
  | { type: "answer"; ask: number; answer: Answer }
  | { type: "failed"; ask: number; problem: string };

/** Answers to what has an `ask`. */
export type Answer = RowView[] | EventView | string | ExportPart | ExportBegun;

export interface Progress {
  state: "reading" | "done" | "cancelled";
  /** Of the inputs as they are stored, compressed or not. */
  bytesRead: number;
  bytesTotal: number;
  elapsedMs: number;
  events: number;
  contextLines: number;
  rejected: number;
  /** The first of them. */
  rejections: Rejection[];
  /** What else the reader should know: an input that cannot be read, a limit that was reached. */
  notes: string[];
}

/** A piece of an input that is no event. */
export interface Rejection {
  name: string;
  /** Where it begins, in bytes of the input after decompression. */
  offset: number;
  reason: string;
  excerpt: string;
}

/** What the filter leaves. */
export interface View {
  /** Rows that can be asked for. */
  count: number;
  /** Rows that were read so far. */
  total: number;
  /** How many of those are of each family. */
  families: Readonly<Record<Family, number>>;
  /** Whether `count` is still growing or the order is still being made. */
  isSettled: boolean;
  /** What is wrong with the filter, if something is. */
  problem: string | undefined;
  charts: Charts;
}

export interface Charts {
  time: TimeChart;
  tops: Record<TopColumn, Top>;
}

export interface TimeChart {
  startMs: number;
  /** Width of a bucket. */
  widthMs: number;
  buckets: number;
  /** The most frequent actions, and the others together as the last; counts by bucket. */
  actions: { name: string; isOthers: boolean; count: number; counts: number[] }[];
  /** Events without a time between the years 2000 and 2100. */
  withoutTime: number;
}

export interface Top {
  entries: { text: string; count: number; note: string }[];
  distinct: number;
}

/** One row of the table. */
export interface RowView {
  position: number;
  row: number;
  /** Milliseconds since 1970, or NaN. */
  timeMs: number;
  /** In the order of TEXT_COLUMNS. */
  texts: string[];
}

/** A text as it is shown: its beginning, and how long it is. */
export interface TextView {
  text: string;
  /** UTF-16 units of the whole text. */
  length: number;
  /** Bytes as hexadecimal digits, where the text cannot carry them. */
  hex?: string;
}

export interface RuleView {
  /** The rule's members in their order, without those that only carry bytes. */
  members: { name: string; value: TextView }[];
}

export interface HeaderView {
  /** Missing if the line has no colon. */
  name: TextView | undefined;
  value: TextView;
}

/** A member of the event, as it came and as it was decoded. */
export interface MemberView {
  /** Such as `attackData.rules`. */
  path: string;
  raw: TextView | undefined;
  decoded: TextView | undefined;
  /** The member of the decoded event that this one became part of. */
  decodedPath: string;
}

export interface EventView {
  family: Family;
  position: number;
  row: number;
  timeMs: number;
  texts: string[];
  /** Where it was read. */
  name: string;
  offset: number;
  bytes: number;
  rules: RuleView[];
  ruleCount: number;
  requestHeaders: HeaderView[];
  requestHeaderCount: number;
  responseHeaders: HeaderView[];
  responseHeaderCount: number;
  query: { raw: TextView; pairs: { name: TextView; value: TextView }[] } | undefined;
  members: MemberView[];
  memberCount: number;
  rawText: TextView;
}

export interface ExportBegun {
  export: number;
  rows: number;
}

export interface ExportPart {
  bytes: Uint8Array<ArrayBuffer>;
  /** Rows that were written so far, this part included. */
  rows: number;
  /** Rows whose text is no longer there, or that the schema cannot be made of. */
  failed: number;
  /** Why the first of them failed. */
  problem: string | undefined;
  isLast: boolean;
}

/** A report of Akamai's Security Monitor. */
export interface Report {
  columns: { name: string; description: string; isMetric: boolean; aggregate: string; peak: string; unit: string }[];
  /** At most 10,000. */
  rows: string[][];
  /** How many there were in the input. */
  rowCount: number;
  /** Rows of the report before the first of them. */
  offset: number;
  /** Whether the report has rows after the last of them. */
  hasMore: boolean;
  /** Name or id of the report pack; empty if it is not said. */
  pack: string;
  /** The window, in milliseconds since 1970. */
  startMs: number | undefined;
  endMs: number | undefined;
  /** What each row is about, in seconds. */
  aggregationS: number | undefined;
  /** As the report calls it; empty if it does not. */
  timeZone: string;
  /** What else is said of it. */
  metaData: { name: string; value: string }[];
}

/** So many reports are shown: the last ones. */
export const MOST_REPORTS = 10;

export interface NamedReport {
  /** Of the reports of all inputs, from 1. */
  number: number;
  /** The input's. */
  name: string;
  report: Report;
}

/** A piece of an event, decoded by itself. */
export type Snippet = { kind: "items"; items: TextView[] } | { kind: "headers"; headers: HeaderView[] };
