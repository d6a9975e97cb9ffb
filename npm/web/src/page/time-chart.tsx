/** Events over time by action. */

import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import type { TimeChart } from "../protocol.ts";
import { count, counted, duration, time } from "./format.ts";
import { fillOf, looksOf, type Look } from "./palette.ts";
import { filter, hasTerm, setRange, toggleTerm, view } from "./state.ts";
import { Shown } from "./shown.tsx";

const HEIGHT = 120;

export function TimeChartView(): JSX.Element | null {
  const chart = view.value?.charts.time;
  const [hovered, setHovered] = useState<number | undefined>(undefined);
  if (chart === undefined) return null;
  const looks = looksOf(chart.actions);
  const bucket = hovered !== undefined && hovered < chart.buckets ? hovered : undefined;
  return (
    <div class="time-chart">
      <div class="legend">
        <h2>Events over time</h2>
        {chart.actions.map(({ name, isOthers, count: total, counts }, k) => (
          <button type="button" aria-pressed={!isOthers && hasTerm("action", name)} disabled={isOthers} onClick={() => toggleTerm("action", name)}>
            <Swatch look={looks[k]} />
            {isOthers ? "others" : name === "" ? "no action" : <Shown text={name} />} <span class="numbers">{count(bucket === undefined ? total : (counts[bucket] ?? 0))}</span>
          </button>
        ))}
        {/(^|\s)(from|to):/.test(filter.value) && (
          <button type="button" onClick={() => setRange()}>
            All times
          </button>
        )}
      </div>
      {chart.buckets > 0 && <Plot chart={chart} looks={looks} onHover={setHovered} />}
      <div class="below">
        {chart.buckets > 0 && <Numbers chart={chart} />}
        <span class="note">
          {bucket === undefined ? rangeOf(chart) : `${time(chart.startMs + bucket * chart.widthMs)} UTC, ${chart.widthMs < 1000 ? `${chart.widthMs} ms` : duration(chart.widthMs)}`}
          {chart.withoutTime > 0 && `, ${counted(chart.withoutTime, "event")} without a time`}
        </span>
      </div>
    </div>
  );
}

function rangeOf({ buckets, startMs, widthMs }: TimeChart): string {
  return buckets === 0 ? "" : `${time(startMs)} to ${time(startMs + buckets * widthMs)} UTC; drag to choose a range`;
}

function Plot({ chart, looks, onHover }: { chart: TimeChart; looks: readonly Look[]; onHover(bucket: number | undefined): void }): JSX.Element {
  const place = useRef<HTMLDivElement>(null);
  const [theme, setTheme] = useState(0);
  useEffect(() => {
    const dark = matchMedia("(prefers-color-scheme: dark)");
    const change = (): void => setTheme((theme) => theme + 1);
    dark.addEventListener("change", change);
    return () => dark.removeEventListener("change", change);
  }, []);
  // What the plot's functions look at when they are called: while reading goes on, only the data change.
  const shown = useRef(chart);
  shown.current = chart;
  const plotted = useRef<uPlot | undefined>(undefined);
  const names = JSON.stringify(chart.actions.map(({ name, isOthers }) => [name, isOthers]));
  useEffect(() => {
    const element = place.current;
    if (element === null) return undefined;
    const plot = new uPlot(optionsOf(shown, looks, element, onHover), dataOf(shown.current), element);
    plotted.current = plot;
    const resized = new ResizeObserver(() => {
      if (plot.width !== element.clientWidth) plot.setSize({ width: element.clientWidth, height: HEIGHT });
    });
    resized.observe(element);
    return () => {
      resized.disconnect();
      plot.destroy();
      plotted.current = undefined;
    };
    // Looks follow from the names.
  }, [names, theme]);
  useEffect(() => {
    const plot = plotted.current;
    if (plot === undefined) return;
    plot.setData(dataOf(chart));
    plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
  }, [chart]);
  return <div class="plot" ref={place} role="img" aria-label="Stacked bars of events over time by action. The numbers follow as a table." />;
}

/** Each series is what it and those above it have, so that bars drawn over each other look stacked. */
function dataOf({ actions, buckets, startMs, widthMs }: TimeChart): uPlot.AlignedData {
  const times = Array.from({ length: buckets }, (_, bucket) => (startMs + (bucket + 0.5) * widthMs) / 1000);
  const series: number[][] = [];
  let above = new Array<number>(buckets).fill(0);
  for (const { counts } of actions.toReversed()) {
    above = above.map((sum, bucket) => sum + (counts[bucket] ?? 0));
    series.unshift(above);
  }
  return [times, ...series];
}

function optionsOf(shown: { readonly current: TimeChart }, looks: readonly Look[], element: HTMLElement, onHover: (bucket: number | undefined) => void): uPlot.Options {
  const style = getComputedStyle(element);
  const [ink, rule] = [style.getPropertyValue("--muted").trim(), style.getPropertyValue("--line").trim()];
  const axis: uPlot.Axis = { stroke: ink, grid: { stroke: rule, width: 1 }, ticks: { stroke: rule, width: 1, size: 4 }, font: "11px system-ui, sans-serif" };
  const bars = uPlot.paths.bars?.({ size: [0.86, 60], align: 0 });
  return {
    width: element.clientWidth,
    height: HEIGHT,
    padding: [6, 22, 0, 0],
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), "Etc/UTC"),
    legend: { show: false },
    cursor: { y: false, points: { show: false }, drag: { x: true, y: false, setScale: false } },
    scales: { x: { time: true, range: () => [shown.current.startMs / 1000, endOf(shown.current) / 1000] }, y: { range: (_plot, _least, most) => [0, Math.max(1, most * 1.05)] } },
    axes: [
      { ...axis, size: 24, gap: 2, space: () => (shown.current.widthMs < 1000 ? 110 : 64), values: (_plot, seconds) => labels(seconds) },
      { ...axis, size: 52, space: 22, values: (_plot, values) => values.map((value) => (Number.isInteger(value) ? count(value) : "")) },
    ],
    series: [
      {},
      ...shown.current.actions.map((_, k): uPlot.Series => {
        const look = looks[k];
        const fill = look === undefined ? "" : fillOf(look);
        return { fill: () => fill, stroke: look?.colour ?? "", width: 0.5, points: { show: false }, ...(bars === undefined ? {} : { paths: bars }) };
      }),
    ],
    hooks: {
      setCursor: [(plot) => onHover(plot.cursor.idx ?? undefined)],
      setSelect: [
        (plot) => {
          const { left, width } = plot.select;
          if (width < 4) return;
          const { startMs, widthMs } = shown.current;
          const bucketAt = (x: number): number => (plot.posToVal(x, "x") * 1000 - startMs) / widthMs;
          setRange(startMs + Math.floor(bucketAt(left)) * widthMs, startMs + Math.ceil(bucketAt(left + width)) * widthMs);
        },
      ],
    },
  };
}

function endOf({ startMs, buckets, widthMs }: TimeChart): number {
  return startMs + buckets * widthMs;
}

/** The shortest that tells the ticks apart, in UTC: the date where a day begins, the year where a year does. */
function labels(seconds: readonly number[]): string[] {
  return seconds.map((second) => {
    const [date = "", clock = ""] = time(second * 1000).split(" ");
    if (clock === "00:00:00") return date.endsWith("-01-01") ? date.slice(0, 4) : date.slice(5);
    return clock.endsWith(":00") ? clock.slice(0, 5) : clock;
  });
}

function Swatch({ look }: { look: Look | undefined }): JSX.Element {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const context = canvas.current?.getContext("2d");
    if (context === null || context === undefined || look === undefined) return;
    context.clearRect(0, 0, 24, 12);
    context.fillStyle = fillOf(look);
    context.fillRect(0, 0, 24, 12);
  }, [look]);
  return <canvas class="swatch" ref={canvas} width={24} height={12} aria-hidden="true" />;
}

function Numbers({ chart }: { chart: TimeChart }): JSX.Element {
  const [isShown, setShown] = useState(false);
  return (
    <details class="numbers-table" tabIndex={isShown ? 0 : undefined} onToggle={(event) => setShown(event.currentTarget.open)}>
      <summary>Numbers</summary>
      {isShown && (
        <table>
          <thead>
            <tr>
              <th scope="col">from (UTC)</th>
              {chart.actions.map(({ name, isOthers }) => (
                <th scope="col">{isOthers ? "others" : name === "" ? "no action" : <Shown text={name} />}</th>
              ))}
              <th scope="col">range</th>
            </tr>
          </thead>
          <tbody>
            {Array.from({ length: chart.buckets }, (_, bucket) => {
              const startMs = chart.startMs + bucket * chart.widthMs;
              if (chart.actions.every(({ counts }) => counts[bucket] === 0)) return null;
              return (
                <tr>
                  <th scope="row">{time(startMs)}</th>
                  {chart.actions.map(({ counts }) => (
                    <td>{count(counts[bucket] ?? 0)}</td>
                  ))}
                  <td>
                    <button type="button" aria-label={`Only from ${time(startMs)}`} onClick={() => setRange(startMs, startMs + chart.widthMs)}>
                      only this
                    </button>
                  </td>
                </tr>
              );
            })}
          </tbody>
        </table>
      )}
    </details>
  );
}
