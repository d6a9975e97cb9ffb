/** Gaps of a stream that nobody has acknowledged. */

import type { JSX } from "preact";
import { Shown } from "../page/shown.tsx";
import { Confirmed } from "./actions.tsx";
import type { Gap } from "./api.ts";
import { stamp } from "./stamp.ts";

interface Props {
  /** Those that `/status` lists. */
  gaps: readonly Gap[];
  /** How many there are, listed or not. */
  count: number;
  acknowledge(which: "all" | readonly number[]): Promise<string>;
}

export function Gaps({ gaps, count, acknowledge }: Props): JSX.Element {
  return (
    <div class="gaps">
      <h3>Gaps</h3>
      {count > 1 && <Confirmed label="Acknowledge all" effect={`Somebody knows of all ${count} gaps. They stay on record, and /healthz no longer turns red for them.`} act={() => acknowledge("all")} />}
      <ul class="entries">
        {gaps.map(({ id, reason, detected_at: at, last_event_at: last, resumed_from: resumed }) => (
          <li key={id}>
            <Shown text={reason} />
            <span class="note">
              Noticed {stamp(at)}. Last event before it: {last === null ? "unknown" : stamp(last)}. Asked again from {stamp(resumed)} on.
            </span>
            <Confirmed label="Acknowledge" effect="Somebody knows of this gap. It stays on record, and /healthz no longer turns red for it." act={() => acknowledge([id])} />
          </li>
        ))}
      </ul>
    </div>
  );
}
