/** What is known of the streams. */

import { batch, signal } from "@preact/signals";
import { Api, Refused, type Status } from "./api.ts";

const POLL_MS = 10_000;
/** An hour of lags. */
const MOST_POINTS = 360;
const TOKEN_KEY = "edgesiem-admin-token";

export const token = signal(sessionStorage.getItem(TOKEN_KEY) ?? "");
export const isKept = signal(token.value !== "");
export const status = signal<Status | undefined>(undefined);
export const askedAt = signal<number | undefined>(undefined);
export const problem = signal<string | undefined>(undefined);
/** Lags in milliseconds by stream, the newest last. */
export const lags = signal<ReadonlyMap<string, readonly { atMs: number; lagMs: number }[]>>(new Map());

let timer: ReturnType<typeof setTimeout> | undefined;
/** Number of the newest question: the answer to an older one is no longer wanted. */
let newest = 0;

// Each question wakes every stream of the Worker: nobody asks for a tab that nobody sees.
document.addEventListener("visibilitychange", () => {
  if (!document.hidden && status.value !== undefined) void poll();
});

/** Uses a token from now on; kept only until the tab is closed, and only if that is wanted. */
export function signIn(given: string, keep: boolean): void {
  if (keep) sessionStorage.setItem(TOKEN_KEY, given);
  else sessionStorage.removeItem(TOKEN_KEY);
  batch(() => {
    isKept.value = keep;
    token.value = given;
  });
  void poll();
}

/** Forgets the token and all that was shown by it. */
export function signOut(): void {
  clearTimeout(timer);
  newest += 1;
  sessionStorage.removeItem(TOKEN_KEY);
  batch(() => {
    token.value = "";
    status.value = undefined;
    problem.value = undefined;
    lags.value = new Map();
  });
}

export function api(): Api {
  return new Api(token.value);
}

/** Asks now, and every ten seconds from now on as long as the tab is seen. */
export async function poll(): Promise<void> {
  clearTimeout(timer);
  if (token.value === "") return;
  newest += 1;
  const asked = newest;
  try {
    const found = await api().status();
    if (asked !== newest) return;
    batch(() => {
      status.value = found;
      askedAt.value = Date.now();
      problem.value = undefined;
      lags.value = withLags(found, Date.now());
    });
  } catch (error) {
    if (asked !== newest) return;
    if (error instanceof Refused && (error.status === 401 || error.status === 404)) {
      signOut();
      problem.value = error.message;
      return;
    }
    problem.value = `The Worker could not be asked: ${error instanceof Error ? error.message : String(error)}. It is asked again every ten seconds.`;
  }
  timer = setTimeout(() => {
    if (!document.hidden) void poll();
  }, POLL_MS);
}

/** How far the newest event that was delivered lies back. */
export function lagOf(position: Status["streams"][number]["position"], nowMs: number): number | undefined {
  const last = position?.last_event_at ?? undefined;
  return last === undefined ? undefined : Math.max(nowMs - (last - (position?.clock_skew_ms ?? 0)), 0);
}

function withLags({ streams }: Status, nowMs: number): ReadonlyMap<string, readonly { atMs: number; lagMs: number }[]> {
  return new Map(
    streams.map(({ stream, position }) => {
      const before = lags.value.get(stream) ?? [];
      const lagMs = lagOf(position, nowMs);
      return [stream, lagMs === undefined ? before : [...before, { atMs: nowMs, lagMs }].slice(-MOST_POINTS)];
    }),
  );
}
