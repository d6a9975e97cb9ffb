/** Replays of a stream: those that wait or are under way, and those that have ended. */

import type { JSX } from "preact";
import { counted } from "../page/format.ts";
import { Shown } from "../page/shown.tsx";
import { Confirmed } from "./actions.tsx";
import type { ReplayStatus } from "./api.ts";
import { stamp } from "./stamp.ts";

export function Replays({ replays, end }: { replays: readonly ReplayStatus[]; end(id: string): Promise<string> }): JSX.Element {
  return (
    <div class="replays">
      <h3>Replays</h3>
      <ul class="entries">
        {replays.map(({ id, from, to, ended_at: ended, counters, error }) => (
          <li key={id}>
            <Shown text={id} />: {stamp(from)} to {stamp(to)}
            <span class="note">
              {counted(counters["delivered"] ?? 0, "event")} delivered, {ended === null ? "under way" : `ended ${stamp(ended)}`}
            </span>
            {error !== null && (
              <p class="problem">
                <Shown text={`${error.code}: ${error.message}. What to do: ${error.user_action}`} />
              </p>
            )}
            {ended === null && <Confirmed label="End" effect={`The replay ${id} is ended; what it delivered stays delivered.`} act={() => end(id)} />}
          </li>
        ))}
      </ul>
    </div>
  );
}
