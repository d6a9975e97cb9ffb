/** What is being read, how fast, and what could not be. */

import type { JSX } from "preact";
import type { Progress } from "../protocol.ts";
import { bytes, count, counted } from "./format.ts";
import { cancel, inputs, progress } from "./state.ts";
import { Shown } from "./shown.tsx";

export function Status(): JSX.Element {
  const names = inputs.value;
  const [first] = names;
  return (
    <section class="status" aria-label="Input">
      <span class="names">
        <Shown text={first?.name ?? ""} />
        {names.length > 1 && ` and ${count(names.length - 1)} more`}
      </span>
      {progress.value === undefined ? <span>loading…</span> : <Reading progress={progress.value} />}
    </section>
  );
}

function Reading({ progress: { state, bytesRead, bytesTotal, elapsedMs, events, rejected, rejections, notes } }: { progress: Progress }): JSX.Element {
  const perSecond = elapsedMs > 0 ? (bytesRead / elapsedMs) * 1000 : 0;
  return (
    <>
      {state === "reading" && (
        <>
          <progress max={bytesTotal} value={bytesRead} aria-label="Read" />
          <span class="numbers">
            {bytes(bytesRead)} of {bytes(bytesTotal)}, {bytes(perSecond)}/s
          </span>
          <button type="button" onClick={cancel}>
            Cancel
          </button>
        </>
      )}
      <span class="numbers" role="status">
        {counted(events, "event")}
        {state === "done" && `, ${bytes(bytesTotal)} in ${(elapsedMs / 1000).toFixed(1)} s`}
        {state === "cancelled" && `, stopped at ${bytes(bytesRead)} of ${bytes(bytesTotal)}`}
      </span>
      {rejected > 0 && (
        <details class="rejected">
          <summary>{counted(rejected, "piece")} of the input could not be read as events</summary>
          <ul tabIndex={0}>
            {rejections.map(({ name, offset, reason, excerpt }) => (
              <li>
                <Shown text={name} />, byte {count(offset)}: <Shown text={reason} />
                <code>
                  <Shown text={excerpt} />
                </code>
              </li>
            ))}
            {rejected > rejections.length && <li>and {count(rejected - rejections.length)} more</li>}
          </ul>
        </details>
      )}
      {notes.map((note) => (
        <p class="problem" role="alert">
          <Shown text={note} />
        </p>
      ))}
    </>
  );
}
