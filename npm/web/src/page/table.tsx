/** The table of events: only the rows in sight are in the page. */

import type { JSX } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { TEXT_COLUMNS, type Column, type RowView } from "../protocol.ts";
import { shownRules } from "../rules-text.ts";
import { HEADINGS, count as formatted, time } from "./format.ts";
import { ROW_PX, firstAt, heightOf, scrolledTo, topOf } from "./grid-window.ts";
import { columns, cursor, openEvent, opened, sort, sortBy, view, whenEngine } from "./state.ts";
import { Shown } from "./shown.tsx";

/** Rows on either side of those in sight that are asked for too. */
const MARGIN = 30;

/** The least width of each column in CSS pixels, and its share of what is left. */
const WIDTHS: Readonly<Record<Column, readonly [leastPx: number, share: number]>> = {
  time: [184, 0],
  client: [140, 0.5],
  method: [88, 0],
  host: [130, 1],
  path: [140, 1.6],
  query: [160, 2],
  action: [100, 0.2],
  country: [92, 0],
  status: [84, 0.1],
  rules: [180, 2],
  user: [170, 1],
  service: [132, 0.4],
  event: [156, 0.2],
  policy: [150, 0.8],
  threat: [150, 1],
  subject: [170, 1.6],
};

export function EventTable(): JSX.Element {
  const scroller = useRef<HTMLDivElement>(null);
  const [first, setFirst] = useState(0);
  const [viewPx, setViewPx] = useState(400);
  const [rows, setRows] = useState<readonly RowView[]>([]);
  const shown = view.value;
  const count = shown?.count ?? 0;
  const visible = Math.ceil(viewPx / ROW_PX) + 1;
  const start = Math.min(first, Math.max(count - 1, 0));

  useEffect(() => {
    const element = scroller.current;
    if (element === null) return undefined;
    const measured = new ResizeObserver(() => setViewPx(Math.max(element.clientHeight - ROW_PX, ROW_PX)));
    measured.observe(element);
    return () => measured.disconnect();
  }, []);

  useEffect(() => {
    let isCurrent = true;
    const from = Math.max(start - MARGIN, 0);
    void whenEngine().then(async (engine) => {
      const found = await engine.rows(from, visible + 2 * MARGIN).catch(() => []);
      if (isCurrent) setRows(found);
    });
    return () => {
      isCurrent = false;
    };
  }, [start, visible, shown]);

  // The keyboard's row stays in sight.
  useLayoutEffect(() => goTo(scrolledTo(cursor.value, first, viewPx)), [cursor.value]);

  const goTo = (wanted: number): void => {
    const next = Math.min(Math.max(wanted, 0), Math.max(count - 1, 0));
    if (next === first) return;
    setFirst(next);
    scroller.current?.scrollTo({ top: topOf(next, count, viewPx) });
  };
  const onScroll = (): void => {
    const top = scroller.current?.scrollTop ?? 0;
    // Where the table was scrolled to by its rows, they are known better than by the pixels.
    if (Math.abs(top - topOf(first, count, viewPx)) >= (count * ROW_PX > heightOf(count) ? 1 : ROW_PX)) setFirst(firstAt(top, count, viewPx));
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const position = moved(event.key, cursor.value, Math.floor(viewPx / ROW_PX), count);
    if (event.key === "Enter" || event.key === " ") void openEvent(cursor.value);
    else if (position === undefined || event.altKey || event.metaKey) return;
    else if (opened.value === undefined) cursor.value = position;
    else void openEvent(position);
    event.preventDefault();
  };

  const from = rows[0]?.position ?? 0;
  const isScaled = count * ROW_PX > heightOf(count);
  const offset = isScaled ? (scroller.current?.scrollTop ?? 0) : start * ROW_PX;
  const widths = columns.value.map((column) => WIDTHS[column]);
  const template = widths.map(([leastPx, share]) => (share === 0 ? `${leastPx}px` : `minmax(${leastPx}px, ${share}fr)`)).join(" ");
  const leastPx = widths.reduce((sum, [px]) => sum + px, 0);
  return (
    <section class="table" aria-label="Events">
      <div
        class="grid"
        ref={scroller}
        role="grid"
        aria-label="Events"
        aria-rowcount={count + 1}
        aria-colcount={columns.value.length}
        aria-activedescendant={count > 0 ? `row-${cursor.value}` : undefined}
        tabIndex={0}
        onScroll={onScroll}
        onKeyDown={onKeyDown}
        style={{ "--columns": template, "--least": `${leastPx}px` }}
      >
        <div class="heading row" role="row" aria-rowindex={1}>
          {columns.value.map((column) => (
            <Heading key={column} column={column} />
          ))}
        </div>
        <div class="height" role="presentation" style={{ height: `${heightOf(count)}px` }}>
          <div class="window" role="presentation" style={{ transform: `translateY(${offset}px)` }}>
            {Array.from({ length: Math.min(visible, Math.max(count - start, 0)) }, (_, k) => (
              <Row key={start + k} position={start + k} row={rows[start + k - from]} />
            ))}
          </div>
        </div>
      </div>
      {shown !== undefined && count === 0 && <p class="nothing">{shown.isSettled ? "No event matches the filter." : "Looking…"}</p>}
    </section>
  );
}

/** Where a key leads to. */
function moved(key: string, position: number, page: number, count: number): number | undefined {
  const steps: Readonly<Record<string, number>> = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -Infinity, End: Infinity, j: 1, k: -1 };
  const step = Object.hasOwn(steps, key) ? steps[key] : undefined;
  return step === undefined ? undefined : Math.min(Math.max(position + step, 0), Math.max(count - 1, 0));
}

function Heading({ column }: { column: Column }): JSX.Element {
  const { by, descending } = sort.value;
  const order = by === column ? (descending ? "descending" : "ascending") : "none";
  return (
    <div role="columnheader" aria-sort={order} class="cell">
      <button type="button" tabIndex={-1} onClick={() => sortBy(column)} title={`Sort by ${HEADINGS[column] ?? column}`}>
        <span class="name">
          {HEADINGS[column] ?? column}
          {column === "time" && <span class="unit"> UTC</span>}
        </span>
        {order !== "none" && (
          <span class="order" aria-hidden="true">
            {descending ? "▼" : "▲"}
          </span>
        )}
      </button>
    </div>
  );
}

function Row({ position, row }: { position: number; row: RowView | undefined }): JSX.Element {
  const isCurrent = cursor.value === position;
  const isOpened = opened.value?.position === position;
  return (
    <div
      id={`row-${position}`}
      class={`row ${isCurrent ? "current" : ""} ${isOpened ? "opened" : ""}`}
      role="row"
      aria-rowindex={position + 2}
      aria-selected={isOpened}
      onClick={() => void openEvent(position)}
      title={row === undefined ? `event ${formatted(position + 1)}` : undefined}
    >
      {columns.value.map((column) => (
        <div role="gridcell" class="cell" key={column}>
          {row?.position === position ? <Cell row={row} column={column} /> : ""}
        </div>
      ))}
    </div>
  );
}

function Cell({ row, column }: { row: RowView; column: Column }): JSX.Element {
  if (column === "time") return <span class="time">{time(row.timeMs)}</span>;
  const text = row.texts[TEXT_COLUMNS.indexOf(column)] ?? "";
  return <Shown text={column === "rules" ? shownRules(text, "  ") : text} />;
}
