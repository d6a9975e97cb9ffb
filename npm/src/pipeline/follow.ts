/** One run after the other. */

import { EdgeSiemError } from "../errors.ts";
import { pause } from "./host.ts";
import { emptyReport, type RunSummary } from "./reports.ts";

/** Akamai's API is asked once a minute as a rule; the Worker's cron does the same. */
export const DEFAULT_INTERVAL_MS = 60_000;
/** There is more to be done: at once, but not in a loop that never rests. */
const AT_ONCE_MS = 100;
/** A page that was cut is asked for again, smaller each time, by the next run. So many times in a row, something cuts all of them. */
const MAX_CUT_RUNS = 8;
const FIRST_BACKOFF_MS = 2_000;
/** What does not pass by itself is tried so rarely, and what does no more rarely: as the Worker does. */
const RARELY_MS = 60_000;

/** How runs follow each other. */
export interface FollowOptions {
  /** Time from the end of a run that found everything to the next, milliseconds. */
  intervalMs?: number | undefined;
  /** Ends it: nothing new is begun, and a wait is cut short. */
  signal?: AbortSignal | undefined;
  /** Called after each run, before the wait of `waitMs` that follows it. */
  onRun?: ((summary: RunSummary, waitMs: number) => void) | undefined;
}

/**
 * Runs until there is nothing more to do, or something is in the way that the next run would meet too. Returns the last run.
 *
 * @param run One run; what it throws is an error of the run.
 */
export async function runOnce(stream: string, run: () => Promise<RunSummary>, options: FollowOptions = {}): Promise<RunSummary> {
  for (let cutRuns = 0; ; ) {
    const summary = await attempt(stream, run);
    options.onRun?.(summary, 0);
    const wasCut = summary.error?.code === "page_incomplete";
    cutRuns = wasCut && summary.report.pages === 0 ? cutRuns + 1 : 0;
    const isInTheWay = !summary.ok && (!wasCut || cutRuns >= MAX_CUT_RUNS);
    const isDone = isInTheWay || summary.skipped !== undefined || summary.report.caught_up;
    if (isDone || options.signal?.aborted === true) return summary;
    await pause(AT_ONCE_MS, options.signal);
  }
}

/** Runs again and again until the signal is aborted, and never rejects. */
export async function runForever(stream: string, run: () => Promise<RunSummary>, options: FollowOptions = {}): Promise<void> {
  let failures = 0;
  while (options.signal?.aborted !== true) {
    const summary = await attempt(stream, run);
    failures = summary.ok ? 0 : failures + 1;
    const waitMs = waitAfter(summary, failures, options.intervalMs ?? DEFAULT_INTERVAL_MS);
    options.onRun?.(summary, waitMs);
    await pause(waitMs, options.signal);
  }
}

function waitAfter({ ok, skipped, report, error }: RunSummary, failures: number, intervalMs: number): number {
  if (skipped !== undefined) return intervalMs;
  if (ok) return report.caught_up ? intervalMs : AT_ONCE_MS;
  if (error?.retryable !== true) return Math.max(RARELY_MS, intervalMs);
  return Math.min(FIRST_BACKOFF_MS * 2 ** (failures - 1), RARELY_MS);
}

async function attempt(stream: string, run: () => Promise<RunSummary>): Promise<RunSummary> {
  try {
    return await run();
  } catch (error) {
    if (!(error instanceof EdgeSiemError)) throw error;
    const { code, message, context, userAction, retryable } = error;
    return {
      stream,
      ok: false,
      report: emptyReport(),
      error: { code, message, context: { ...context }, user_action: userAction, retryable },
    };
  }
}
