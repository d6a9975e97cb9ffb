/** Reports of Security Monitor: a table, and a bar beside each metric. */

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { Report } from "../protocol.ts";
import { count, counted, time } from "./format.ts";
import { Shown } from "./shown.tsx";
import { reports } from "./state.ts";

const FIRST_ROWS = 200;
/** So many come with each press of the button: more at once would hold the page up. */
const MORE_ROWS = 1000;

export function ReportViews(): JSX.Element {
  return (
    <>
      {reports.value.map(({ name, report }) => (
        <ReportView name={name} report={report} />
      ))}
    </>
  );
}

function ReportView({ name, report: { columns, rows, rowCount, metaData } }: { name: string; report: Report }): JSX.Element {
  const [shownRows, setShownRows] = useState(FIRST_ROWS);
  const most = columns.map((_, k) => rows.reduce((most, row) => Math.max(most, Number(row[k]) || 0), 0));
  const shown = rows.slice(0, shownRows);
  return (
    <section class="report" aria-label="Report of Security Monitor">
      <h2>
        Security Monitor report{" "}
        <span class="note">
          <Shown text={name} />
        </span>
      </h2>
      <dl class="facts">
        {metaData.map(({ name, value }) => (
          <div>
            <dt>
              <Shown text={name} />
            </dt>
            <dd>
              <Shown text={/InEpoch$/.test(name) ? `${time(Number(value) * 1000)} UTC` : value} />
            </dd>
          </div>
        ))}
      </dl>
      <div class="wide" role="region" aria-label="Rows of the report" tabIndex={0}>
        <table>
          <thead>
            <tr>
              {columns.map(({ name, description, isMetric, unit }) => (
                <th scope="col" class={isMetric ? "metric" : ""} title={description}>
                  <Shown text={unit === "" ? name : `${name} (${unit})`} />
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {shown.map((row) => (
              <tr>
                {columns.map((column, k) => (
                  <ReportCell column={column} text={row[k] ?? ""} most={most[k] ?? 0} />
                ))}
              </tr>
            ))}
          </tbody>
          <tfoot>
            <tr>
              {columns.map(({ isMetric, aggregate, peak }, k) =>
                isMetric ? (
                  <td class="metric">
                    <Shown text={[aggregate === "" ? "" : `total ${aggregate}`, peak === "" ? "" : `peak ${peak}`].filter((text) => text !== "").join(", ")} />
                  </td>
                ) : (
                  <td>{k === 0 ? (rowCount > rows.length ? `the first ${count(rows.length)} of ${count(rowCount)} rows` : counted(rowCount, "row")) : ""}</td>
                ),
              )}
            </tr>
          </tfoot>
        </table>
      </div>
      {shown.length < rows.length && (
        <button type="button" onClick={() => setShownRows(shownRows + MORE_ROWS)}>
          Show {count(Math.min(rows.length - shown.length, MORE_ROWS))} more of {counted(rows.length, "row")}
        </button>
      )}
    </section>
  );
}

function ReportCell({ column: { name, isMetric }, text, most }: { column: Report["columns"][number]; text: string; most: number }): JSX.Element {
  if (!isMetric) {
    // Times come as seconds since 1970.
    const isTime = /^time/i.test(name) && /^\d{9,10}$/.test(text);
    return (
      <td>
        <Shown text={isTime ? time(Number(text) * 1000) : text} />
      </td>
    );
  }
  return (
    <td class="metric">
      <span class="bar" style={{ width: `${most > 0 ? (100 * Math.max(Number(text) || 0, 0)) / most : 0}%` }} />
      <Shown text={text} />
    </td>
  );
}
