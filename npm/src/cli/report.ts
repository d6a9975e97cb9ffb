/** `edgesiem report`: Akamai's Security Monitor, on demand. */

import { Option, type Command } from "commander";
import type { DataSource, DataStore, IdOrName, ReportField, ReportPack } from "../pipeline/security-monitor.ts";
import { asking, withCredentials, type ReportOptions } from "./report-client.ts";
import { dataCommand } from "./report-data.ts";
import { commandFor } from "./report-terms.ts";
import { FORMATS, showTable, textOf } from "./report-view.ts";
import { printable } from "./terminal.ts";

const HELP = `
Akamai aggregates what its firewall saw within minutes. A report pack is a set of reports; it has data stores, and each of these has
dimensions (Time, Country, Client IP) and metrics (Requests Denied) that a report can combine.

Examples:
  edgesiem report packs           first: which packs there are
  edgesiem report stores 12332    then: what can be asked of one of them
  edgesiem report data 12332 --dimensions Time --metrics 'Requests Denied'

The API takes five requests a minute, of all who use it together; the command waits when it has to. It is for questions now and then,
and polling it is not supported: events for a SIEM come from \`edgesiem pull\`.

Credentials come from --edgerc; without it from AKAMAI_HOST, AKAMAI_CLIENT_TOKEN, AKAMAI_CLIENT_SECRET and AKAMAI_ACCESS_TOKEN; then
from ~/.edgerc. The API client needs access to the Security Monitor API.

Exit code: 0 all well, also if there is no data, 2 wrong usage, 3 the API failed or refused.`;

/** Adds the command. */
export function register(program: Command): void {
  const report = program
    .command("report")
    .summary("ask Akamai's Security Monitor for a report")
    .description("Asks Akamai's Security Monitor API for reports, as a table, CSV or JSON.")
    .addHelpText("after", HELP);
  const packArgument = (name: string): Command => report.command(name).argument("<pack>", "id or name", idOrName);
  const commands = [
    report.command("packs").summary("which report packs there are").description("Shows all report packs, with their ids and time zones.").action(packs),
    packArgument("pack").summary("what a report pack consists of").description("Shows the dimensions, metrics, data stores and data sources of a report pack.").action(pack),
    packArgument("stores")
      .summary("what can be asked of a report pack")
      .description("Shows the data stores of a report pack. The dimensions and metrics of a report belong to one of them.")
      .argument("[store]", "only this one: id or name", idOrName)
      .action(stores),
    packArgument("sources").summary("which policies a report pack is about").description("Shows the data sources of a report pack: the ids of firewall policies.").action(sources),
    dataCommand(report.command("data")),
  ];
  for (const command of commands) withFormat(command);
}

/** Options that all of them have stand behind their own. */
function withFormat(command: Command): void {
  withCredentials(command.addOption(new Option("--format <format>", "how it is written").choices(FORMATS).default("table")));
}

async function packs(options: ReportOptions): Promise<void> {
  const packs = await asking(options, (client) => client.reportPacks());
  const rows = packs.map(({ id, name, timezone, isActive }) => [id, name, timezone, isActive === undefined ? undefined : isActive ? "yes" : "no"].map(textOf));
  const [first] = packs;
  await showTable(options.format, packs, [["ID", "right"], "NAME", "TIME ZONE", "ACTIVE"], rows);
  hint(options, first === undefined ? "no report packs: the account has none, or the API client's user may see none" : `what can be asked of a pack: ${commandFor(options, "stores", String(first.id))}`);
}

async function pack(wanted: IdOrName, options: ReportOptions): Promise<void> {
  const pack: ReportPack = await asking(options, (client) => client.reportPack(wanted));
  const named = (what: string, fields: unknown): string[][] =>
    Array.isArray(fields) ? (fields as readonly ReportField[]).map(({ id, name, description }) => [what, id, name, description].map(textOf)) : [];
  const rows = [...named("dimension", pack.dimensions), ...named("metric", pack.metrics), ...named("data store", pack.dataStores), ...named("data source", pack.dataSources)];
  await showTable(options.format, pack, ["WHAT", ["ID", "right"], "NAME", "DESCRIPTION"], rows);
  hint(options, `${textOf(pack.name)} (${pack.id}), time zone ${textOf(pack.timezone)}`);
}

async function stores(pack: IdOrName, wanted: IdOrName | undefined, options: ReportOptions): Promise<void> {
  const answer = await asking(options, async (client) => (wanted === undefined ? client.dataStores(pack) : client.dataStore(pack, wanted)));
  const stores: DataStore[] = Array.isArray(answer) ? answer : [answer];
  const rows = stores.flatMap((store) => {
    const of = (what: string, fields: readonly ReportField[]): string[][] => fields.map(({ id, name, description }) => [store.id, what, id, name, description].map(textOf));
    return [...of("dimension", store.dimensions), ...of("metric", store.metrics)];
  });
  await showTable(options.format, answer, [["STORE", "right"], "WHAT", ["ID", "right"], "NAME", "DESCRIPTION"], rows);
  for (const store of stores) hint(options, aboutStore(store));
  if (stores.length > 1) hint(options, "a report combines at most two dimensions with metrics of the same store");
}

function aboutStore({ id, name, aggregationInSeconds, maxQueryDurationInMinutes, purgeIntervalInDays }: DataStore): string {
  const facts = [
    name === undefined ? "" : `"${name}"`,
    aggregationInSeconds === undefined ? "" : `aggregated by ${aggregationInSeconds} s`,
    // The API's own bound is four hours, whatever its stores say.
    maxQueryDurationInMinutes === undefined || maxQueryDurationInMinutes >= 240 ? "" : `at most ${maxQueryDurationInMinutes} min at once`,
    purgeIntervalInDays === undefined ? "" : `kept for ${purgeIntervalInDays} days`,
  ];
  return `store ${id}: ${facts.filter((fact) => fact !== "").join(", ")}`;
}

async function sources(pack: IdOrName, options: ReportOptions): Promise<void> {
  const sources: DataSource[] = await asking(options, (client) => client.dataSources(pack));
  const rows = sources.map(({ id, name, dsType, values }) => [id, name, dsType, values.map(textOf).join(" ")].map(textOf));
  await showTable(options.format, sources, [["ID", "right"], "NAME", "TYPE", "VALUES"], rows);
}

/** A word beside the table, for people: whoever takes CSV or JSON has all of it in there. */
function hint({ format }: ReportOptions, text: string): void {
  if (format === "table") process.stderr.write(`edgesiem: ${printable(text)}\n`);
}

/** Digits are an id. */
function idOrName(text: string): IdOrName {
  return /^\d{1,15}$/.test(text) ? Number(text) : text;
}
