/** Dead letters of a stream. */

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { bytes, count } from "../page/format.ts";
import { Long, Shown } from "../page/shown.tsx";
import { Confirmed } from "./actions.tsx";
import type { Letter } from "./api.ts";
import { stamp } from "./stamp.ts";
import { api } from "./state.ts";

const SHOWN_UNITS = 16_384;

export function Letters({ stream, kept }: { stream: string; kept: number }): JSX.Element {
  const [letters, setLetters] = useState<readonly Letter[]>([]);
  const [after, setAfter] = useState<string | null>(null);
  const [problem, setProblem] = useState("");
  const load = async (from: string | null): Promise<void> => {
    try {
      const page = await api().letters(stream, from);
      setLetters((before) => (from === null ? page.dead_letters : [...before, ...page.dead_letters]));
      setAfter(page.after);
      setProblem("");
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
    }
  };
  // Anew when their number changes: each poll would make what is being read jump.
  useEffect(() => void load(null), [stream, kept]);
  const replay = async (which: unknown): Promise<string> => sent(await api().act(stream, "POST", "dead-letters", { replay: which }));
  const remove = async (which: unknown): Promise<string> => deleted(await api().act(stream, "DELETE", "dead-letters", { delete: which }));
  return (
    <div class="letters">
      <div class="buttons">
        <Confirmed label="Send all again" effect={`All ${count(kept)} dead letters of ${stream} are sent again; those that are accepted are deleted. If a run is under way, pause the stream first.`} act={() => replay("all")} />
        <Confirmed label="Delete all" isDestructive effect={`All ${count(kept)} dead letters of ${stream} are deleted for good, also those that are not listed here. Their events are lost.`} act={() => remove("all")} />
      </div>
      {problem !== "" && (
        <p class="problem">
          <Shown text={problem} />
        </p>
      )}
      <ul>
        {letters.map((letter) => {
          const key = [{ id: letter.id, sink: letter.sink ?? "-" }];
          return (
            <li key={`${letter.id} ${letter.sink ?? ""}`}>
              <div class="letter-top">
                <strong>{letter.sink === null ? "unreadable line" : <Shown text={letter.sink} />}</strong>
                <Shown text={letter.reason} />
                <span class="note">
                  kept {stamp(Date.parse(letter.kept_at))}, {bytes(letter.bytes)}
                </span>
                <Confirmed label="Send again" effect="This dead letter is sent again, and deleted if it is accepted." act={() => replay(key)} />
                <Confirmed label="Delete" isDestructive effect="This dead letter is deleted for good. Its event is lost for this sink." act={() => remove(key)} />
              </div>
              <details>
                <summary>
                  event <span class="id">{letter.id}</span>
                </summary>
                <Long view={textOf(letter)} />
                {letter.truncated === true && <p class="note">only the beginning</p>}
              </details>
            </li>
          );
        })}
      </ul>
      {after !== null && (
        <button type="button" onClick={() => void load(after)}>
          More
        </button>
      )}
    </div>
  );
}

function textOf({ raw, raw_base64: base64 }: Letter): { text: string; length: number } {
  const text = raw ?? `base64: ${base64 ?? ""}`;
  return { text: text.slice(0, SHOWN_UNITS), length: text.length };
}

function sent(answer: unknown): string {
  const { tried, accepted, refused_count: refused, more, error } = answer as { tried?: number; accepted?: number; refused_count?: number; more?: boolean; error?: { message?: string } | null };
  const wrong = typeof error?.message === "string" ? `, ${error.message}` : "";
  return `${count(accepted ?? 0)} of ${count(tried ?? 0)} accepted, ${count(refused ?? 0)} refused${more === true ? ", more are left: send again" : ""}${wrong}`;
}

function deleted(answer: unknown): string {
  const { deleted, more } = answer as { deleted?: number; more?: boolean };
  return `${count(deleted ?? 0)} deleted${more === true ? ", more are left: delete again" : ""}`;
}
