/** What the page shows, as signals, and what its parts may do. */

import { batch, computed, effect, signal } from "@preact/signals";
import { isPackedUsable } from "../../../src/loaders/inline/packed.ts";
import { COLUMNS, COLUMNS_OF, FAMILIES, MOST_REPORTS, type Column, type EventView, type Family, type Input, type NamedReport, type Progress, type Snippet, type Sort, type View } from "../protocol.ts";
import { hasTerm as filterHas, termOf, toggled, withRange } from "../query-text.ts";
import type { TextColumn } from "../protocol.ts";
import { EngineClient } from "./engine-client.ts";

const FILTER_DELAY_MS = 120;
const INPUT_ORDER: Sort = { by: "input", descending: false };

export const inputs = signal<readonly { name: string; bytes: number }[]>([]);
export const progress = signal<Progress | undefined>(undefined);
export const view = signal<View | undefined>(undefined);
export const reports = signal<readonly NamedReport[]>([]);
export const snippets = signal<readonly { name: string; snippet: Snippet }[]>([]);
export const filter = signal("");
export const sort = signal<Sort>(INPUT_ORDER);
const IS_NARROW = !matchMedia("(min-width: 601px)").matches;
/** Columns that are not shown unless they are asked for, because they are long; on a phone there is less room still. */
const HIDDEN: readonly Column[] = IS_NARROW ? ["query", "method", "host", "country", "status", "service", "event", "policy", "threat"] : ["query"];
/** Whose events there are. */
export const families = computed<readonly Family[]>(() => {
  const found = FAMILIES.filter((family) => (view.value?.families[family] ?? 0) > 0);
  return found.length > 0 ? found : ["akamai-siem"];
});
const chosenColumns = signal<readonly Column[] | undefined>(undefined);
/** Columns that the events have, in their order. */
export const offeredColumns = computed(() => COLUMNS.filter((column) => families.value.some((family) => COLUMNS_OF[family].includes(column))));
/** Columns of the table, in their order. */
export const columns = computed<readonly Column[]>(() => {
  const usual = offeredColumns.value.filter((column) => !HIDDEN.includes(column));
  const chosen = chosenColumns.value?.filter((column) => offeredColumns.value.includes(column)) ?? usual;
  return chosen.length > 0 ? chosen : usual;
});

/** Shows these columns. */
export function chooseColumns(wanted: readonly Column[]): void {
  chosenColumns.value = wanted;
}

/** Position of the row that the keyboard is on. */
export const cursor = signal(0);
export const opened = signal<EventView | undefined>(undefined);
export const problem = signal<string | undefined>(undefined);
/** On a phone the table comes first. */
export const areChartsShown = signal(!IS_NARROW);

export const isOpen = computed(() => inputs.value.length > 0);

let client: EngineClient | undefined;
let generation = 0;
let query = 0;
/** What was asked for last; an older answer comes too late. */
let wantedEvent = 0;

/** Loads the engine and answers what it tells. */
const engine: Promise<EngineClient> = (isPackedUsable() ? import("./engine-worker.ts") : import("./engine-worker-scalar.ts")).then(({ EngineWorker }) => {
  client = new EngineClient(
    new EngineWorker({ name: "engine" }),
    (notice) => {
      if (notice.generation !== generation) return;
      if (notice.type === "progress") progress.value = notice.progress;
      else if (notice.type === "reports") reports.value = [...reports.value, ...notice.reports].slice(-MOST_REPORTS);
      else if (notice.type === "snippet") snippets.value = [...snippets.value, { name: notice.name, snippet: notice.snippet }].slice(-10);
      else if (notice.query === query) view.value = notice.view;
    },
    (text) => (problem.value = `The engine stopped: ${text}. Reload the page; if it lasts, the browser may forbid WebAssembly here.`),
  );
  return client;
});
engine.catch(() => (problem.value = "The engine cannot be loaded. Reload the page."));

/** The engine, when it is there. */
export function whenEngine(): Promise<EngineClient> {
  return engine;
}

/** Reads these inputs instead of those before. */
export function open(given: readonly Input[]): void {
  if (given.length === 0) return;
  generation += 1;
  batch(() => {
    inputs.value = given.map(({ name, blob }) => ({ name, bytes: blob.size }));
    progress.value = undefined;
    view.value = undefined;
    reports.value = [];
    snippets.value = [];
    problem.value = undefined;
    filter.value = "";
    sort.value = INPUT_ORDER;
    chosenColumns.value = undefined;
    cursor.value = 0;
    closeEvent();
  });
  query += 1;
  const [opening, asked] = [generation, query];
  void engine.then((engine) => {
    if (opening !== generation) return;
    engine.query(asked, "", INPUT_ORDER);
    engine.open(opening, [...given]);
  });
}

/** Goes back to the beginning. */
export function close(): void {
  client?.cancel();
  generation += 1;
  batch(() => {
    inputs.value = [];
    progress.value = undefined;
    view.value = undefined;
    closeEvent();
  });
}

export function cancel(): void {
  client?.cancel();
}

let isFirst = true;
let timer: ReturnType<typeof setTimeout> | undefined;
/** Asks what the timer is to ask. */
let ask: (() => void) | undefined;
effect(() => {
  const [text, order] = [filter.value, sort.value];
  if (isFirst) {
    isFirst = false;
    return;
  }
  clearTimeout(timer);
  ask = () => {
    clearTimeout(timer);
    ask = undefined;
    if (inputs.peek().length === 0) return;
    query += 1;
    cursor.value = 0;
    client?.query(query, text, order);
  };
  timer = setTimeout(ask, FILTER_DELAY_MS);
});

/** Tells the engine of the filter and the order at once, if it has not heard of them yet. */
export function askNow(): void {
  ask?.();
}

/** Narrows the table to a text of a column, or takes that back. */
export function toggleTerm(column: TextColumn, text: string): void {
  filter.value = toggled(filter.value, termOf(column, text));
}

/** Whether the filter has that term. */
export function hasTerm(column: TextColumn, text: string): boolean {
  return filterHas(filter.value, termOf(column, text));
}

export function setRange(fromMs?: number, toMs?: number): void {
  filter.value = withRange(filter.value, fromMs, toMs);
}

/** Sorts by a column; a second time the other way round, a third time not at all. */
export function sortBy(column: Column): void {
  const { by, descending } = sort.value;
  if (by !== column) sort.value = { by: column, descending: column === "time" };
  else if (descending === (column === "time")) sort.value = { by: column, descending: !descending };
  else sort.value = INPUT_ORDER;
}

/** Shows an event. */
export async function openEvent(position: number): Promise<void> {
  wantedEvent += 1;
  const wanted = wantedEvent;
  cursor.value = position;
  try {
    const event = await client?.event(position);
    if (wanted === wantedEvent) opened.value = event;
  } catch (error) {
    if (wanted === wantedEvent) problem.value = `Event ${position + 1} cannot be read: ${error instanceof Error ? error.message : String(error)}`;
  }
}

export function closeEvent(): void {
  wantedEvent += 1;
  opened.value = undefined;
}
