/** `edgesiem report data`: the rows of a report. */

import { Option, type Command } from "commander";
import { ConfigError, InvalidReportError, type Problem } from "../errors.ts";
import type { IdOrName, ReportPack, ReportQuery, SecurityMonitorClient } from "../pipeline/security-monitor.ts";
import { numberOf, repeated } from "./config.ts";
import { CommandError, EXIT } from "./exit.ts";
import { asking, type ReportOptions } from "./report-client.ts";
import { Faults } from "./report-faults.ts";
import { showReport } from "./report-rows.ts";
import { commandFor } from "./report-terms.ts";
import { DEFAULT_LAST, durationMinutes, isOnPackClock, unplacedWindow, windowOf, type WindowOptions } from "./report-window.ts";
import { readFilter, readNames, readSorts } from "./report-words.ts";
import { printable } from "./terminal.ts";
import { TimeZone } from "./time-zone.ts";

interface DataOptions extends ReportOptions, WindowOptions {
  dimensions?: string[];
  metrics?: string[];
  store?: string;
  aggregation?: string;
  filter?: string[];
  sort?: string[];
  limit?: string;
  offset?: string;
  all?: true;
}

const HELP = `
Dimensions, metrics and stores are named by ids or by names, in any case; \`edgesiem report stores PACK\` shows them. They have to be of one
data store. A name with a comma in it goes into double quotes: --dimensions 'Time,"City, State"'. Where a number is the id of a dimension
and of a metric, write dimension:43 or metric:43 in --filter and --sort.

Times are those of the report pack's clock (\`edgesiem report packs\` shows its time zone) unless they end with Z or an offset:
2026-11-22T10:00, 11/22/2026:10:00, 2026-11-22T10:00Z. A window is shorter than four hours.

Conditions of --filter, all of which have to hold:
  Country in US,DE                of dimensions: in, contains, starts, ends
  City not contains york          negated: not in, not contains, and so on
  Requests Denied > 50            of metrics: = != > >= < <=

Written as a table, times are shown on the pack's clock, and on a terminal each metric is drawn over time below it if Time is one of the
dimensions. CSV has times with their offset; a text that a spreadsheet would run as a formula has an apostrophe in front. JSON has
everything as the API sent it, times in seconds since 1970.

Examples:
  edgesiem report data 12332 --dimensions Time --metrics 'Requests Denied'
  edgesiem report data 12332 --last 3h --dimensions Time,Country --metrics 'Requests Denied' --filter 'Country in US,DE' --sort '-Requests Denied'
  edgesiem report data 12332 --start 2026-11-22T10:00 --end 2026-11-22T11:30 --dimensions 'Client IP' --metrics 544,552 --filter '544 > 50' --all --format csv > clients.csv`;

/** Adds options, help and action to the command. */
export function dataCommand(command: Command): Command {
  return command
    .summary("the rows of a report")
    .description("Prints the rows of a report of at most two dimensions, and of metrics.")
    .argument("<pack>", "report pack: id or name")
    .option("--dimensions <names>", "at most two, with commas between them", repeated)
    .option("--metrics <names>", "with commas between them", repeated)
    .option("--last <duration>", `window that ends now, such as 45m or 3h (default: ${DEFAULT_LAST})`)
    .option("--start <time>", "beginning of the window")
    .option("--end <time>", "its end")
    .option("--filter <condition>", "only rows like this; may be repeated", repeated)
    .option("--sort <names>", "sort by these, descending behind a minus sign", repeated)
    .option("--aggregation <step>", "seconds or 5m, 1h, as the stores have; or day, week, month, year")
    .option("--store <store>", "data store, where several have what is asked for")
    .option("--limit <rows>", "rows at most, 1 to 10000 (default: 300)")
    .option("--offset <rows>", "leave out so many rows first")
    .addOption(new Option("--all", "every row there is, up to 1,000,000").conflicts("limit"))
    .addHelpText("after", HELP)
    .action(data);
}

/** What the options say, and where. */
interface Typed {
  query: Omit<ReportQuery, "pack" | "start" | "end">;
  /** The conditions that could be read, as they were typed. */
  filters: readonly string[];
}

async function data(pack: string, options: DataOptions): Promise<void> {
  const faults = new Faults();
  const typed = read(options, faults);
  const { start, end } = faults.attempt(() => unplacedWindow(options, Date.now())) ?? ANY_WINDOW;
  await asking(options, async (client) => {
    await checkTyped(client, { ...typed.query, pack: idOrName(pack), start, end }, typed, options, faults);
    const found = isOnPackClock(options) ? undefined : packOf(pack, await client.reportPacks(), options);
    const window = windowOf(options, found === undefined ? undefined : zoneOf(found), Date.now());
    if (window.warning !== "") process.stderr.write(`edgesiem: ${printable(window.warning)}\n`);
    const query = { ...typed.query, pack: found?.id ?? idOrName(pack), start: window.start, end: window.end };
    const report = await client.report(query).catch((error: unknown) => {
      throw ofOptions(error, typed, options);
    });
    await showReport(report, { format: options.format, window, timeZone: found?.timezone, isLimited: options.limit !== undefined });
  });
}

/** Stands for one that is not known yet, or cannot be read. */
const ANY_WINDOW = { start: "2026-01-01T00:00", end: "2026-01-01T00:01" };

/** Throws all that is wrong before anybody is asked. */
async function checkTyped(client: SecurityMonitorClient, query: ReportQuery, typed: Typed, options: DataOptions, faults: Faults): Promise<void> {
  try {
    await client.check(query);
  } catch (error) {
    const refused = ofOptions(error, typed, options);
    if (!(refused instanceof ConfigError)) throw refused;
    // Where names could not be read, it says nothing that none is left.
    const problems = faults.isEmpty ? refused.problems : refused.problems.filter(({ key }) => key !== "--metrics");
    const { code, retryable, userAction } = refused;
    if (problems.length > 0) faults.add(new ConfigError(refused.message, { code, retryable, userAction, problems, cause: error }));
  }
  faults.throwAny();
}

/** What the options say of the query, but for pack and window. */
function read(options: DataOptions, faults: Faults): Typed {
  const { dimensions = [], metrics = [], store, aggregation, filter = [], sort = [], limit, offset, all } = options;
  const each = <T>(texts: readonly string[], read: (text: string) => T[]): T[] => texts.flatMap((text) => faults.attempt(() => read(text)) ?? []);
  const one = <T>(text: string | undefined, read: (text: string) => T): T | undefined => (text === undefined ? undefined : faults.attempt(() => read(text)));
  const filters = each(filter, (text) => [{ text, read: readFilter("--filter", text) }]);
  return {
    filters: filters.map(({ text }) => text),
    query: {
      dimensions: each(dimensions, (text) => readNames("--dimensions", text)),
      metrics: each(metrics, (text) => readNames("--metrics", text)),
      filters: filters.map(({ read }) => read),
      sort: each(sort, (text) => readSorts("--sort", text)),
      store: one(store, idOrName),
      aggregation: one(aggregation, stepOf),
      limit: one(limit, (text) => numberOf("--limit", text, 1, 10_000)),
      offset: one(offset, (text) => numberOf("--offset", text, 0, 1_000_000_000)),
      all,
    },
  };
}

function stepOf(text: string): number | string {
  if (/^(?:day|week|month|year)$/i.test(text)) return text.toLowerCase();
  return /^\d+$/.test(text) ? numberOf("--aggregation", text, 1, 100_000_000) : durationMinutes("--aggregation", text) * 60;
}

/** The pack that is meant: by its id, or by a name that no other has. */
function packOf(wanted: string, packs: readonly ReportPack[], options: DataOptions): ReportPack {
  const id = idOrName(wanted);
  const found = packs.filter(({ id: its, name }) => (typeof id === "number" ? its === id : name?.trim().toLowerCase() === wanted.trim().toLowerCase()));
  const [first, second] = found;
  if (first === undefined) throw new CommandError(`there is no report pack ${wanted}`, EXIT.usage, `\`${commandFor(options, "packs")}\` shows them`);
  if (second !== undefined) throw new CommandError(`${found.length} report packs are called ${wanted}`, EXIT.usage, `name one by its id: ${found.map((pack) => pack.id).join(", ")}`);
  return first;
}

/** `undefined` if nobody here knows the zone; it is asked for only where it is needed. */
function zoneOf({ timezone }: ReportPack): TimeZone | undefined {
  try {
    return timezone === undefined ? undefined : new TimeZone(timezone);
  } catch {
    return undefined;
  }
}

/** The options behind the keys of a query. */
const OPTIONS: Readonly<Record<string, string>> = { filters: "--filter", start: "--start", end: "--end", pack: "the report pack" };

/** What was wrong with a query, as something wrong with the options that made it; anything else as it is. */
function ofOptions(error: unknown, typed: Typed, options: DataOptions): unknown {
  if (!(error instanceof InvalidReportError) || error.problems.length === 0) return error;
  const problems = error.problems.map((problem) => ofOption(problem, typed, options));
  return new ConfigError(error.message, { code: "config", retryable: false, userAction: error.userAction, problems, cause: error });
}

function ofOption({ key, message, userAction }: Problem, { filters }: Typed, { start, end }: DataOptions): Problem {
  const [, name = "", index = ""] = /^query\.(\w+)(?:\[(\d+)\])?/.exec(key) ?? [];
  const typed = name === "filters" ? filters[Number(index)] : undefined;
  const isLast = (name === "start" || name === "end") && start === undefined && end === undefined;
  const option = isLast ? "--last" : Object.hasOwn(OPTIONS, name) ? OPTIONS[name] : `--${name}`;
  return { key: typed === undefined ? (option ?? name) : `${option} '${typed}'`, message, userAction };
}

/** Digits are an id. */
function idOrName(text: string): IdOrName {
  return /^\d{1,15}$/.test(text) ? Number(text) : text;
}
