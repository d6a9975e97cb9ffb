/** Lone facets and header blocks. */

import type { JSX } from "preact";
import { HeaderTable } from "./event-panel.tsx";
import { counted } from "./format.ts";
import { Long, Shown } from "./shown.tsx";
import { snippets } from "./state.ts";

export function SnippetViews(): JSX.Element {
  return (
    <>
      {snippets.value.map(({ name, snippet }) => (
        <section class="snippet" aria-label="Decoded text">
          <h2>
            {snippet.kind === "items" ? `Facet: ${counted(snippet.items.length, "item")}` : `Header block: ${counted(snippet.headers.length, "line")}`}{" "}
            <span class="note">
              <Shown text={name} />
            </span>
          </h2>
          {snippet.kind === "headers" ? (
            <HeaderTable headers={snippet.headers} />
          ) : (
            <ol>
              {snippet.items.map((item) => (
                <li>
                  <Long view={item} />
                </li>
              ))}
            </ol>
          )}
        </section>
      ))}
    </>
  );
}
