/** The filter, and what it leaves. */

import type { JSX } from "preact";
import type { Column } from "../protocol.ts";
import { HEADINGS, count, counted } from "./format.ts";
import { areChartsShown, chooseColumns, columns, families, filter, offeredColumns, view } from "./state.ts";

export function FilterBar({ isExporting, onExport }: { isExporting: boolean; onExport(): void }): JSX.Element {
  const shown = view.value;
  return (
    <section class="filter" aria-label="Filter">
      <input
        type="search"
        aria-label="Filter"
        aria-describedby="filter-help"
        placeholder={`Filter: ${families.value.includes("akamai-siem") ? "sql  host:www.example.com  -action:monitor  rule:950*" : "invoice  user:ann@example.com  -action:Pass  policy:DLP*"}  "two words"`}
        spellcheck={false}
        autocomplete="off"
        value={filter.value}
        onInput={(event) => (filter.value = event.currentTarget.value)}
      />
      <span id="filter-help" class="hidden">
        Words are looked for in all columns. A field and a colon, such as host or rule, ask for the whole of that column, with * for any text. A minus
        excludes. Several values of one field are alternatives. from: and to: take times in UTC.
      </span>
      <span class="numbers" role="status">
        {shown === undefined ? "" : shown.count === shown.total ? counted(shown.count, "event") : `${count(shown.count)} of ${counted(shown.total, "event")}`}
      </span>
      {filter.value !== "" && (
        <button type="button" onClick={() => (filter.value = "")}>
          Clear filter
        </button>
      )}
      <button type="button" aria-pressed={areChartsShown.value} onClick={() => (areChartsShown.value = !areChartsShown.value)}>
        Charts
      </button>
      <ColumnChoice />
      <button type="button" aria-expanded={isExporting} onClick={onExport}>
        Export…
      </button>
      {shown?.problem !== undefined && (
        <p class="problem" role="alert">
          {shown.problem}
        </p>
      )}
    </section>
  );
}

function ColumnChoice(): JSX.Element {
  const toggle = (column: Column, isShown: boolean): void => {
    const left = offeredColumns.value.filter((name) => (name === column ? isShown : columns.value.includes(name)));
    if (left.length > 0) chooseColumns(left);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const menu = event.currentTarget;
    if (event.key !== "Escape" || !(menu instanceof HTMLDetailsElement) || !menu.open) return;
    // The event beside the table stays open.
    event.stopPropagation();
    menu.open = false;
    menu.querySelector("summary")?.focus();
  };
  return (
    <details class="choice" onKeyDown={onKeyDown}>
      <summary>Columns</summary>
      <fieldset>
        <legend class="hidden">Columns of the table</legend>
        {offeredColumns.value.map((column) => (
          <label>
            <input type="checkbox" checked={columns.value.includes(column)} onChange={(event) => toggle(column, event.currentTarget.checked)} />
            {HEADINGS[column] ?? column}
          </label>
        ))}
      </fieldset>
    </details>
  );
}
