/** Reports of Security Monitor: a table, and a bar beside each metric. */

import type { JSX } from "preact";
import { useMemo, useState } from "preact/hooks";
import type { Report } from "../protocol.ts";
import { count, counted } from "./format.ts";
import { clockOf, type Clock } from "./report-clock.ts";
import { Shown } from "./shown.tsx";
import { reports } from "./state.ts";

const FIRST_ROWS = 200;
/** So many come with each press of the button: more at once would hold the page up. */
const MORE_ROWS = 1000;
/** So many cells are shown at first, of all reports together, and ten times as many come with each press. */
const FIRST_CELLS = 6000;
/** Of each report, however many there are. */
const LEAST_ROWS = 10;

type ReportColumn = Report["columns"][number];

export function ReportViews(): JSX.Element {
  return (
    <>
      {reports.value.map(({ number, name, report }) => (
        <ReportView key={number} name={name} report={report} />
      ))}
    </>
  );
}

function ReportView({ name, report }: { name: string; report: Report }): JSX.Element {
  const { columns, rows, timeZone } = report;
  const rowsOf = (cells: number): number => Math.max(Math.floor(cells / Math.max(columns.length, 1)), LEAST_ROWS);
  const [shownRows, setShownRows] = useState(() => Math.min(FIRST_ROWS, rowsOf(FIRST_CELLS / reports.peek().length)));
  const clock = useMemo(() => clockOf(timeZone), [timeZone]);
  const most = useMemo(() => columns.map((_, k) => rows.reduce((most, row) => Math.max(most, Number(row[k]) || 0), 0)), [report]);
  const shown = rows.slice(0, shownRows);
  const moreRows = Math.min(rows.length - shown.length, MORE_ROWS, rowsOf(10 * FIRST_CELLS));
  return (
    <section class="report" aria-label="Report of Security Monitor">
      <h2>
        Security Monitor report{" "}
        <span class="note">
          <Shown text={name} />
        </span>
      </h2>
      <Facts report={report} clock={clock} />
      {columns.length > 0 && (
        <div class="wide" role="region" aria-label="Rows of the report" tabIndex={0}>
          <table>
            <thead>
              <tr>
                {columns.map((column) => (
                  <th scope="col" class={column.isMetric ? "metric" : ""} title={column.description}>
                    <Shown text={column.unit === "" ? column.name : `${column.name} (${column.unit})`} />
                    {isTime(column) && (
                      <span class="unit">
                        {" "}
                        <Shown text={clock.name} />
                      </span>
                    )}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {shown.map((row) => (
                <tr>
                  {columns.map((column, k) => (
                    <ReportCell column={column} text={row[k] ?? ""} most={most[k] ?? 0} clock={clock} />
                  ))}
                </tr>
              ))}
            </tbody>
            <Totals report={report} />
          </table>
        </div>
      )}
      {moreRows > 0 && (
        <button type="button" onClick={() => setShownRows(shown.length + moreRows)}>
          Show {count(moreRows)} more of {counted(rows.length, "row")}
        </button>
      )}
    </section>
  );
}

/** What the rows are about, and whether they are all there are. */
function Facts({ report, clock }: { report: Report; clock: Clock }): JSX.Element {
  const { pack, startMs, endMs, aggregationS, timeZone, metaData, rowCount, offset, hasMore } = report;
  const at = (ms: number | undefined): string => (ms === undefined ? "?" : clock.text(ms));
  const facts = [
    { name: "Report pack", value: pack },
    { name: "Window", value: startMs === undefined && endMs === undefined ? "" : `${at(startMs)} to ${at(endMs)} ${clock.name}` },
    { name: "Aggregation", value: aggregationS === undefined ? "" : `${count(aggregationS)} s` },
    { name: "Time zone", value: timeZone === "" || timeZone === clock.name ? "" : `${timeZone}, which this browser does not know: times are ${clock.name}` },
    ...metaData,
  ].filter(({ value }) => value !== "");
  const part = [
    rowCount === 0 ? "No data." : "",
    offset > 0 ? `${counted(offset, "row")} of the report came before these.` : "",
    hasMore ? "The report has more rows than these; edgesiem report data --all gets all of them." : "",
  ].filter((text) => text !== "");
  return (
    <>
      <dl class="facts">
        {facts.map(({ name, value }) => (
          <div>
            <dt>
              <Shown text={name} />
            </dt>
            <dd>
              <Shown text={value} />
            </dd>
          </div>
        ))}
      </dl>
      {part.length > 0 && <p class="part">{part.join(" ")}</p>}
    </>
  );
}

function Totals({ report: { columns, rows, rowCount } }: { report: Report }): JSX.Element {
  return (
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
  );
}

/** Whether a column's values are seconds since 1970. */
function isTime({ name, isMetric }: ReportColumn): boolean {
  return !isMetric && name.trim().toLowerCase() === "time";
}

function ReportCell({ column, text, most, clock }: { column: ReportColumn; text: string; most: number; clock: Clock }): JSX.Element {
  if (!column.isMetric) {
    return (
      <td>
        <Shown text={isTime(column) && /^\d{1,10}$/.test(text) ? clock.text(Number(text) * 1000) : text} />
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
