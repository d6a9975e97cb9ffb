/** Texts of events. They reach the page as text nodes, and nothing in them is invisible or acts on its surroundings. */

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { TextView } from "../protocol.ts";
import { piecesOf } from "./pieces.ts";

/** A text in one line or, with `lines`, with its line breaks. */
export function Shown({ text, lines = false }: { text: string; lines?: boolean }): JSX.Element {
  const pieces = piecesOf(text, !lines);
  return (
    <bdi class={lines ? "text lines" : "text"} dir="auto">
      {pieces.map((piece) => (typeof piece === "string" ? piece : <span class="mark" title={piece.title}>{piece.mark}</span>))}
    </bdi>
  );
}

const FIRST_UNITS = 1200;

/** A text that may be long: its beginning, and the rest on demand; bytes as hexadecimal digits below it. */
export function Long({ view: { text, length, hex } }: { view: TextView }): JSX.Element {
  const [isWhole, setWhole] = useState(false);
  const shown = isWhole ? text : text.slice(0, FIRST_UNITS);
  return (
    <>
      {text === "" ? <span class="empty">empty</span> : <Shown text={shown} lines />}
      {shown.length < text.length && (
        <button type="button" class="more" onClick={() => setWhole(true)}>
          show {(text.length - shown.length).toLocaleString("en")} more characters
        </button>
      )}
      {isWhole && text.length < length && <span class="note"> … {(length - text.length).toLocaleString("en")} characters more: copy the event to have them</span>}
      {hex !== undefined && (
        <span class="hex">
          <span class="label">not UTF-8, bytes: </span>
          {hex}
        </span>
      )}
    </>
  );
}
