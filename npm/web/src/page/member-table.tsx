/** Members as they came, beside what they mean. */

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { MemberView } from "../protocol.ts";
import { counted } from "./format.ts";
import { Long, Shown } from "./shown.tsx";

/** Pointing at a member marks it, and all that became part of the same decoded one, on both sides. */
export function MemberTable({ members, count }: { members: readonly MemberView[]; count: number }): JSX.Element {
  const [pointed, setPointed] = useState<string | undefined>(undefined);
  const [held, setHeld] = useState<string | undefined>(undefined);
  const marked = pointed ?? held;
  return (
    <>
      <table class="members" onPointerLeave={() => setPointed(undefined)}>
        <thead>
          <tr>
            <th scope="col">member</th>
            <th scope="col">as it came</th>
            <th scope="col">decoded</th>
          </tr>
        </thead>
        <tbody>
          {members.map(({ path, raw, decoded, decodedPath }) => {
            const isSame = raw?.text === decoded?.text && raw?.length === decoded?.length;
            return (
              <tr class={decodedPath === marked ? "marked" : ""} onPointerEnter={() => setPointed(decodedPath)}>
                <th scope="row">
                  <button type="button" class="value" aria-pressed={held === decodedPath} onClick={() => setHeld(held === decodedPath ? undefined : decodedPath)}>
                    <Shown text={path} />
                  </button>
                </th>
                <td>{raw !== undefined && <Long view={raw} />}</td>
                <td>
                  {decoded === undefined ? (
                    path === decodedPath ? null : <span class="note">in {decodedPath}</span>
                  ) : isSame ? (
                    <span class="note">the same</span>
                  ) : (
                    <Long view={decoded} />
                  )}
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
      {count > members.length && <p class="note">and {counted(count - members.length, "member")} more: copy the event to have them</p>}
    </>
  );
}
