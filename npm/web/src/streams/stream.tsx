/** One stream. */

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { count, counted, duration } from "../page/format.ts";
import { Shown } from "../page/shown.tsx";
import { Confirmed, Replay } from "./actions.tsx";
import type { Failure, StreamStatus } from "./api.ts";
import { Gaps } from "./gaps.tsx";
import { LagChart } from "./lag-chart.tsx";
import { Letters } from "./letters.tsx";
import { Replays } from "./replays.tsx";
import { api, lagOf } from "./state.ts";

export function Stream({ status }: { status: StreamStatus }): JSX.Element {
  const { stream, error, problems, position, runs, gaps = [], gaps_unacknowledged: unacknowledged = 0, dead_letters: letters, replays = [] } = status;
  const [areLettersShown, setLettersShown] = useState(false);
  const now = Date.now();
  const lag = lagOf(position, now);
  const kept = letters?.kept ?? 0;
  const act = async (verb: string, body?: unknown): Promise<string> => {
    await api().act(stream, "POST", verb, body);
    return "done";
  };
  const open = gaps.filter(({ acknowledged_at: at }) => at === null);
  return (
    <section class="stream" aria-label={`Stream ${stream}`}>
      <h2>
        <Shown text={stream} /> <State status={status} />
      </h2>
      {error !== null && error !== undefined && (
        <p class="problem">
          <Shown text={error} />
        </p>
      )}
      {problems.map(({ kind, severity, text }) => (
        <p key={kind} class={severity === "red" ? "problem" : "warning"}>
          <Shown text={text} />
        </p>
      ))}
      <dl class="facts">
        {fact("lag", lag === undefined ? "none yet" : duration(lag))}
        {fact("offset age", position === null || position === undefined ? "none yet" : duration(Math.max(now - position.saved_at, 0)))}
        {fact("last run", since(runs?.ended_at, now))}
        {fact("last success", since(runs?.last_success_at, now))}
        {fact("delivered", count(position?.counters["delivered"] ?? 0))}
        {fact("dead letters", count(kept))}
        {fact("gaps open", count(unacknowledged))}
      </dl>
      {runs?.error !== null && runs?.error !== undefined && (
        <p class="problem">
          <Shown text={`${runs.error.code}: ${runs.error.message}. What to do: ${runs.error.user_action}`} />
        </p>
      )}
      <LagChart stream={stream} />
      <div class="buttons">
        <Confirmed label="Run now" effect={`${stream} runs now instead of at the next minute. The answer comes when the run has ended.`} act={async () => ran(await api().act(stream, "POST", "run"))} />
        {status.paused_at === null || status.paused_at === undefined ? (
          <Confirmed key="pause" label="Pause" effect={`No new run of ${stream} begins until it is resumed; a run under way goes on to its end. The source forgets events after its retention, so resume in time.`} act={() => act("pause", {})} />
        ) : (
          <Confirmed key="resume" label="Resume" effect={`${stream} goes on from where it stands.`} act={() => act("resume", {})} />
        )}
        <Replay
          act={async (from, to) => {
            await api().act(stream, "POST", "replay", { from, to });
            return "the replay is asked for";
          }}
        />
      </div>
      {open.length > 0 && (
        <Gaps gaps={open} count={unacknowledged} acknowledge={(which) => act("gaps", { acknowledge: which })} />
      )}
      {replays.length > 0 && (
        <Replays
          replays={replays}
          end={async (id) => {
            await api().act(stream, "DELETE", `replays/${encodeURIComponent(id)}`);
            return "ended";
          }}
        />
      )}
      {kept > 0 && (
        <details open={areLettersShown} onToggle={(event) => setLettersShown(event.currentTarget.open)}>
          <summary>{counted(kept, "dead letter")}</summary>
          {areLettersShown && <Letters stream={stream} kept={kept} />}
        </details>
      )}
    </section>
  );
}

/** A run that failed is answered like one that did not: what it says decides. */
function ran(answer: unknown): string {
  const { ok, report, error } = answer as { ok?: boolean; report?: { delivered?: number; dead_lettered?: number; unfinished?: boolean } | null; error?: Failure | null };
  if (ok !== true) throw new Error(`the run failed: ${error?.code ?? "unknown"}: ${error?.message ?? "it says no more"}. What to do: ${error?.user_action ?? "look into the Worker's log"}`);
  const left = (report?.dead_lettered ?? 0) > 0 ? `, ${counted(report?.dead_lettered ?? 0, "dead letter")}` : "";
  return `${counted(report?.delivered ?? 0, "event")} delivered${left}${report?.unfinished === true ? "; more is left" : ""}`;
}

function fact(name: string, value: string): JSX.Element {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

function since(at: number | null | undefined, nowMs: number): string {
  return at === null || at === undefined ? "never" : `${duration(Math.max(nowMs - at, 0))} ago`;
}

/** In a word, as `edgesiem status` says it. */
function State({ status: { paused_at: paused, running_since: running, runs, problems, error } }: { status: StreamStatus }): JSX.Element {
  const isRed = problems.some(({ severity }) => severity === "red");
  const word =
    error !== null && error !== undefined
      ? "unknown"
      : paused !== null && paused !== undefined
        ? "paused"
        : running !== null && running !== undefined
          ? "running"
          : runs?.error !== null && runs?.error !== undefined
            ? runs.error.code
            : (runs?.ended_at ?? null) === null
              ? "never run"
              : isRed
                ? "red"
                : "well";
  return (
    <span class={`state ${isRed || word === "unknown" ? "red" : ""}`}>
      <Shown text={word} />
    </span>
  );
}
