/** The most frequent texts of some columns, as tables with bars in them. */

import type { JSX } from "preact";
import { COLUMNS_OF, FAMILIES, TOP_COLUMNS, type Top, type TopColumn } from "../protocol.ts";
import { count } from "./format.ts";
import { hasTerm, toggleTerm, view } from "./state.ts";
import { Shown } from "./shown.tsx";

const TITLES: Readonly<Record<TopColumn, string>> = { rules: "Rules", client: "Clients", country: "Countries", host: "Hosts", path: "Paths", user: "Users", service: "Services", policy: "Policies", threat: "Threats", subject: "Files and subjects" };

export function TopTables(): JSX.Element | null {
  if (view.value === undefined) return null;
  const { charts, families } = view.value;
  const shown = FAMILIES.filter((family) => families[family] > 0).flatMap((family) => COLUMNS_OF[family]);
  return (
    <div class="tops">
      {TOP_COLUMNS.filter((column) => shown.includes(column)).map((column) => (
        <TopTable key={column} column={column} top={charts.tops[column]} />
      ))}
    </div>
  );
}

function TopTable({ column, top: { entries, distinct } }: { column: TopColumn; top: Top }): JSX.Element {
  const most = entries[0]?.count ?? 1;
  return (
    <table class="top-table">
      <caption>
        {TITLES[column]} <span class="note">{entries.length < distinct ? `${entries.length} of ${count(distinct)}` : ""}</span>
      </caption>
      <colgroup>
        <col />
        <col class="counts" />
      </colgroup>
      <thead class="hidden">
        <tr>
          <th scope="col">{TITLES[column]}</th>
          <th scope="col">Events</th>
        </tr>
      </thead>
      <tbody>
        {entries.map(({ text, count: events, note }) => (
          <tr>
            <th scope="row">
              <span class="bar" style={{ width: `${(100 * events) / most}%` }} />
              <button type="button" aria-pressed={hasTerm(column, text)} title={note === "" ? text.slice(0, 300) : `${text}: ${note}`.slice(0, 300)} onClick={() => toggleTerm(column, text)}>
                {text === "" ? <span class="empty">none</span> : <Shown text={text} />}
                {note !== "" && (
                  <span class="note">
                    {" "}
                    <Shown text={note} />
                  </span>
                )}
              </button>
            </th>
            <td>{count(events)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
