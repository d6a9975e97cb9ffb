/** Buttons that change something: each says first what it will do. */

import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { Shown } from "../page/shown.tsx";
import { poll } from "./state.ts";

interface Props {
  label: string;
  /** What happens, for the question. */
  effect: string;
  /** What it takes away does not come back: the dialog begins at Cancel. */
  isDestructive?: boolean;
  /** Returns what is to be said afterwards. */
  act(): Promise<string>;
}

/** A button, and a dialog that asks before anything is done. */
export function Confirmed({ label, effect, isDestructive = false, act }: Props): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  const [outcome, run] = useOutcome();
  return (
    <span class="confirmed">
      <button type="button" disabled={outcome.kind === "under-way"} onClick={() => dialog.current?.showModal()}>
        {label}
      </button>
      <dialog ref={dialog} aria-label={label}>
        <p>{effect}</p>
        <p class="buttons">
          <button
            type="button"
            class="primary"
            onClick={() => {
              dialog.current?.close();
              void run(act);
            }}
          >
            {label}
          </button>
          <button type="button" autofocus={isDestructive} onClick={() => dialog.current?.close()}>
            Cancel
          </button>
        </p>
      </dialog>
      <Said outcome={outcome} />
    </span>
  );
}

interface Outcome {
  kind: "none" | "under-way" | "done" | "failed";
  text: string;
}

/** What came of the last action, and what does one. The streams are asked for anew after each. */
function useOutcome(): [Outcome, (act: () => Promise<string>) => Promise<void>] {
  const [outcome, setOutcome] = useState<Outcome>({ kind: "none", text: "" });
  const run = async (act: () => Promise<string>): Promise<void> => {
    setOutcome({ kind: "under-way", text: "under way…" });
    try {
      setOutcome({ kind: "done", text: await act() });
    } catch (error) {
      setOutcome({ kind: "failed", text: error instanceof Error ? error.message : String(error) });
    }
    await poll();
  };
  return [outcome, run];
}

function Said({ outcome: { kind, text } }: { outcome: Outcome }): JSX.Element {
  return (
    <span role="status" class={`note ${kind}`}>
      {text !== "" && <Shown text={text} />}
    </span>
  );
}

/** Asks for a window of time, then as {@link Confirmed}. */
export function Replay({ act }: { act(from: string, to: string): Promise<string> }): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  const [[from, to], setWindow] = useState(["", ""]);
  const [outcome, run] = useOutcome();
  useEffect(() => {
    const minute = (ms: number): string => new Date(ms).toISOString().slice(0, 16);
    setWindow([minute(Date.now() - 3_600_000), minute(Date.now())]);
  }, []);
  return (
    <span class="confirmed">
      <button type="button" disabled={outcome.kind === "under-way"} onClick={() => dialog.current?.showModal()}>
        Replay…
      </button>
      <dialog ref={dialog} aria-label="Replay">
        <form
          method="dialog"
          onSubmit={(event) => {
            event.preventDefault();
            dialog.current?.close();
            void run(() => act(`${from}:00Z`, `${to}:00Z`));
          }}
        >
          <p>Every event of this time that the source still has is delivered again to all sinks, marked with the replay's id, beside the live stream.</p>
          <p class="window-of-time">
            <label>
              <span>From (UTC)</span> <input type="datetime-local" required value={from} onInput={(event) => setWindow([event.currentTarget.value, to])} />
            </label>
            <label>
              <span>To (UTC)</span> <input type="datetime-local" required value={to} onInput={(event) => setWindow([from, event.currentTarget.value])} />
            </label>
          </p>
          <p class="buttons">
            <button type="submit" class="primary" disabled={from === "" || to === "" || from >= to}>
              Replay
            </button>
            <button type="button" onClick={() => dialog.current?.close()}>
              Cancel
            </button>
          </p>
        </form>
      </dialog>
      <Said outcome={outcome} />
    </span>
  );
}
