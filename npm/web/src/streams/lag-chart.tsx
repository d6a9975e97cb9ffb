/** The lag of a stream since the page was opened. */

import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { duration } from "../page/format.ts";
import { lags } from "./state.ts";

const HEIGHT = 96;
/** The first points stand in so much time, or the axis would have one instant. */
const LEAST_SECONDS = 60;
/** Steps of the lag's axis that read well as durations. */
const STEPS_MS = [30, 60, 300, 900, 1800, 3600, 7200, 21_600, 43_200, 86_400, 604_800].map((seconds) => seconds * 1000);

export function LagChart({ stream }: { stream: string }): JSX.Element | null {
  const place = useRef<HTMLDivElement>(null);
  const points = lags.value.get(stream) ?? [];
  const [first] = points;
  const last = points.at(-1);
  useEffect(() => {
    const element = place.current;
    if (element === null || first === undefined || last === undefined) return undefined;
    const [firstSecond, lastSecond] = [first.atMs / 1000, last.atMs / 1000];
    const style = getComputedStyle(element);
    const colour = (name: string): string => style.getPropertyValue(name).trim();
    const axis: uPlot.Axis = { stroke: colour("--muted"), grid: { stroke: colour("--line"), width: 1 }, ticks: { show: false }, font: "11px system-ui, sans-serif" };
    const options: uPlot.Options = {
      width: element.clientWidth,
      height: HEIGHT,
      padding: [6, 16, 0, 0],
      legend: { show: false },
      cursor: { show: false },
      tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), "Etc/UTC"),
      scales: { x: { range: () => [Math.min(firstSecond, lastSecond - LEAST_SECONDS), lastSecond] }, y: { range: (_plot, _least, most) => [0, Math.max(60_000, most * 1.1)] } },
      axes: [
        { ...axis, size: 28, gap: 8, space: 70, values: (_plot, seconds) => seconds.map((second) => new Date(second * 1000).toISOString().slice(11, 19)) },
        { ...axis, size: 56, space: 24, incrs: STEPS_MS, values: (_plot, values) => values.map((ms) => duration(ms)) },
      ],
      series: [{}, { stroke: colour("--accent"), width: 2, points: { show: points.length < 3 } }],
    };
    const plot = new uPlot(options, [points.map(({ atMs }) => atMs / 1000), points.map(({ lagMs }) => lagMs)], element);
    const watch = new ResizeObserver(() => plot.setSize({ width: element.clientWidth, height: HEIGHT }));
    watch.observe(element);
    return () => {
      watch.disconnect();
      plot.destroy();
    };
  }, [points]);
  if (first === undefined || last === undefined) return null;
  const most = points.reduce((most, { lagMs }) => Math.max(most, lagMs), 0);
  const words = `Lag, the age of the newest event, since ${new Date(first.atMs).toISOString().slice(11, 19)} UTC: now ${duration(last.lagMs)}, at most ${duration(most)}`;
  return (
    <figure class="lag">
      <div ref={place} class="lag-plot" role="img" aria-label={words} />
      <figcaption class="note">{words}</figcaption>
    </figure>
  );
}
