/** Buttons that change something: each says first what it will do. */

import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { Shown } from "../page/shown.tsx";
import { poll } from "./state.ts";

interface Props {
  label: string;
  /** What happens, for the question. */
  effect: string;
  disabled?: boolean;
  /** Returns what is to be said afterwards. */
  act(): Promise<string>;
}

/** A button, and a dialog that asks before anything is done. */
export function Confirmed({ label, effect, disabled = false, act }: Props): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  const [said, setSaid] = useState("");
  const [isRunning, setRunning] = useState(false);
  const run = async (): Promise<void> => {
    dialog.current?.close();
    setRunning(true);
    setSaid("…");
    try {
      setSaid(await act());
    } catch (error) {
      setSaid(error instanceof Error ? error.message : String(error));
    }
    setRunning(false);
    await poll();
  };
  return (
    <span class="confirmed">
      <button type="button" disabled={disabled || isRunning} onClick={() => dialog.current?.showModal()}>
        {label}
      </button>
      <dialog ref={dialog} aria-label={label}>
        <p>{effect}</p>
        <p class="buttons">
          <button type="button" class="primary" onClick={() => void run()}>
            {label}
          </button>
          <button type="button" onClick={() => dialog.current?.close()}>
            Cancel
          </button>
        </p>
      </dialog>
      <span role="status" class="note">
        <Shown text={said} />
      </span>
    </span>
  );
}

/** Asks for a window of time, then as {@link Confirmed}. */
export function Replay({ act }: { act(from: string, to: string): Promise<string> }): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  const [[from, to], setWindow] = useState(["", ""]);
  const [said, setSaid] = useState("");
  useEffect(() => {
    const minute = (ms: number): string => new Date(ms).toISOString().slice(0, 16);
    setWindow([minute(Date.now() - 3_600_000), minute(Date.now())]);
  }, []);
  const run = async (): Promise<void> => {
    dialog.current?.close();
    try {
      setSaid(await act(`${from}:00Z`, `${to}:00Z`));
    } catch (error) {
      setSaid(error instanceof Error ? error.message : String(error));
    }
    await poll();
  };
  return (
    <span class="confirmed">
      <button type="button" onClick={() => dialog.current?.showModal()}>
        Replay…
      </button>
      <dialog ref={dialog} aria-label="Replay">
        <form
          method="dialog"
          onSubmit={(event) => {
            event.preventDefault();
            void run();
          }}
        >
          <p>Every event of this time that the source still has is delivered again to all sinks, marked with the replay's id, beside the live stream.</p>
          <p class="buttons">
            <label>
              From (UTC) <input type="datetime-local" required value={from} onInput={(event) => setWindow([event.currentTarget.value, to])} />
            </label>
            <label>
              to <input type="datetime-local" required value={to} onInput={(event) => setWindow([from, event.currentTarget.value])} />
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
      <span role="status" class="note">
        <Shown text={said} />
      </span>
    </span>
  );
}
