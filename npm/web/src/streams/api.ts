/** The Worker's HTTP surface, as far as this page uses it. What it answers is checked where it is read, never trusted. */

export interface Problem {
  severity: string;
  kind: string;
  text: string;
}

export interface Failure {
  code: string;
  message: string;
  user_action: string;
}

/** Times are milliseconds since 1970. */
export interface StreamStatus {
  stream: string;
  /** Why nothing else is known. */
  error: string | null;
  problems: Problem[];
  position?: null | { saved_at: number; last_event_at: number | null; clock_skew_ms: number; counters: Record<string, number> };
  running_since?: number | null;
  paused_at?: number | null;
  runs?: { ended_at: number | null; last_success_at: number | null; error: Failure | null };
  gaps?: Gap[];
  gaps_unacknowledged?: number;
  dead_letters?: { kept: number; by_sink?: Record<string, number> };
  replays?: ReplayStatus[];
}

export interface ReplayStatus {
  id: string;
  from: number;
  to: number;
  ended_at: number | null;
  counters: Record<string, number>;
  error: Failure | null;
}

export interface Gap {
  id: number;
  reason: string;
  detected_at: number;
  last_event_at: number | null;
  resumed_from: number;
  acknowledged_at: number | null;
}

export interface Letter {
  id: string;
  sink: string | null;
  line: number;
  reason: string;
  kept_at: string;
  bytes: number;
  truncated?: boolean;
  raw?: string;
  raw_base64?: string;
}

export interface Status {
  streams: StreamStatus[];
  config_problems: { stream: string | null; problem: string }[];
}

/** An answer that is no success. */
export class Refused extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.name = "Refused";
    this.status = status;
  }
}

/** Asks the Worker that serves this page, with the token. */
export class Api {
  readonly #token: string;

  constructor(token: string) {
    this.#token = token;
  }

  status(): Promise<Status> {
    return this.#ask("GET", "/status") as Promise<Status>;
  }

  /** `verb` is the end of a path below the stream. */
  act(stream: string, method: "POST" | "DELETE", verb: string, body?: unknown): Promise<unknown> {
    return this.#ask(method, `/streams/${encodeURIComponent(stream)}/${verb}`, body);
  }

  letters(stream: string, after: string | null): Promise<{ dead_letters: Letter[]; after: string | null }> {
    const query = after === null ? "" : `?after=${encodeURIComponent(after)}`;
    return this.#ask("GET", `/streams/${encodeURIComponent(stream)}/dead-letters${query}`) as Promise<{ dead_letters: Letter[]; after: string | null }>;
  }

  async #ask(method: string, path: string, body?: unknown): Promise<unknown> {
    const response = await fetch(path, {
      method,
      cache: "no-store",
      credentials: "omit",
      redirect: "error",
      headers: { authorization: `Bearer ${this.#token}`, ...(body === undefined ? {} : { "content-type": "application/json" }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Refused(response.status, refusal(response.status, text));
    try {
      return JSON.parse(text) as unknown;
    } catch {
      throw new Refused(response.status, "the answer is not JSON: is this page served by the Worker?");
    }
  }
}

/** What a refusal says, and what to do. */
function refusal(status: number, text: string): string {
  if (status === 401) return "The token is not the one of the secret ADMIN_TOKEN.";
  if (status === 404) return "The Worker shows nothing: its secret ADMIN_TOKEN is not set, is shorter than 16 characters, or there is no such stream.";
  try {
    const { error } = JSON.parse(text) as { error?: { message?: unknown; user_action?: unknown } };
    if (typeof error?.message === "string") return `${error.message}. What to do: ${String(error.user_action)}`;
  } catch {
    // Not the Worker's own words.
  }
  return `the answer was ${status}`;
}
