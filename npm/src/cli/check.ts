/** `edgesiem check`: whether streams would work. */

import { access, constants, open, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Command } from "commander";
import { valueAt } from "../pipeline/config-words.ts";
import type { HostOptions } from "../pipeline/host.ts";
import type { AnyConfig } from "../pipeline/pipeline.ts";
import type { CheckReport, Finding } from "../pipeline/reports.ts";
import { chosenStreams, openPipeline, readConfig, repeated, withConfig, type ConfigOptions } from "./config.ts";
import { EXIT, reasonOf } from "./exit.ts";
import { sayJson } from "./operate.ts";
import { formatDuration } from "./progress.ts";
import { painterFor, printable, type Painter } from "./terminal.ts";

interface CheckOptions extends ConfigOptions {
  stream?: string[];
  json?: true;
}

const HELP = `
Validates the configuration, asks each source for one event with its credentials, measures the difference of the clocks, and asks each
sink for its health. Nothing is delivered, and no offset moves. A sink that nobody can ask without delivering something is
unknown; the folder of a file is looked at.

Exit code: 0 nothing failed, 2 the configuration cannot be used, 3 a source or a sink failed.

Examples:
  edgesiem check --secrets-file /etc/edgesiem.env
  edgesiem check --stream prod-waf --json`;

/** A clock that differs by more than this is worth a word: Akamai refuses signatures that are 30 seconds off. */
const NOTABLE_SKEW_MS = 5_000;

/** Adds the command. */
export function register(program: Command): void {
  const command = program.command("check").summary("check the configuration, sources and sinks").description("Checks the configuration, and whether sources and sinks are there and take the credentials.");
  withConfig(command)
    .option("--stream <id>", "only this stream; may be repeated", repeated)
    .option("--json", "what was found, as JSON")
    .addHelpText("after", HELP)
    .action(check);
}

/** What was checked, and how it came out. */
interface Line {
  what: string;
  finding: Finding;
}

async function check(options: CheckOptions): Promise<void> {
  const configured = await readConfig(options);
  const host: HostOptions = { secrets: configured.secrets, places: ["file", "stdout"] };
  const pipeline = await openPipeline(configured, host);
  const infos = pipeline.streams();
  const streams = chosenStreams(pipeline, options.stream);
  const reports = await Promise.all(streams.map(async (stream) => ({ stream, ...(await withFiles(await pipeline.check(stream), configured.config)) })));
  const state: Line = { what: "state", finding: await checkFolder(configured.state) };
  if (options.json === true) sayJson({ state: state.finding, streams: reports });
  else {
    const sinks = new Set(infos.flatMap(({ sinks }) => sinks.map(({ name }) => name)));
    const configuration: Finding = { outcome: "ok", message: `${configured.name}: streams: ${infos.length}, sinks: ${sinks.size}` };
    const lines = [{ what: "configuration", finding: configuration }, state, ...reports.flatMap(linesOf)];
    process.stdout.write(shown(lines, painterFor(process.stdout)));
  }
  const all = [state.finding, ...reports.flatMap(({ source, sinks }) => [source, ...sinks.map(({ finding }) => finding)])];
  process.exitCode = all.some(({ outcome }) => outcome === "failed") ? EXIT.failed : EXIT.ok;
}

function linesOf({ stream, source, sinks }: CheckReport & { stream: string }): Line[] {
  return [{ what: `${stream}: source`, finding: source }, ...sinks.map(({ name, finding }) => ({ what: `${stream}: sink ${name}`, finding }))];
}

function shown(lines: readonly Line[], paint: Painter): string {
  const width = Math.max(...lines.map(({ what }) => what.length));
  const colours = { ok: "green", failed: "red", unknown: "yellow" } as const;
  return lines
    .map(({ what, finding }) => {
      const { outcome, message, user_action: action, clock_skew_ms: skew, wall_ms: wall } = finding;
      const facts = [
        wall === undefined || wall < 100 ? "" : `answered in ${formatDuration(wall)}`,
        skew !== undefined && Math.abs(skew) > NOTABLE_SKEW_MS ? `this machine's clock is ${formatDuration(Math.abs(skew))} ${skew > 0 ? "slow" : "fast"}` : "",
      ].filter((fact) => fact !== "");
      const detail = facts.length === 0 ? "" : ` (${facts.join(", ")})`;
      const advice = action === undefined ? "" : `${" ".repeat(width + 2)}${printable(action)}\n`;
      return `${printable(what).padEnd(width)}  ${paint(colours[outcome], outcome.padEnd(7))}  ${printable(message)}${detail}\n${advice}`;
    })
    .join("");
}

/** What the pipeline cannot look at: the folders of its `file` sinks. */
async function withFiles(report: CheckReport, config: AnyConfig): Promise<CheckReport> {
  const sinks = report.sinks.map(async ({ name, finding }) => {
    const [kind, path] = [valueAt(config, `sinks.${name}.kind`), valueAt(config, `sinks.${name}.path`)];
    return { name, finding: kind === "file" && typeof path === "string" && finding.outcome !== "failed" ? await checkFile(path) : finding };
  });
  return { ...report, sinks: await Promise.all(sinks) };
}

/** Whether a file could be appended to, or made. */
async function checkFile(path: string): Promise<Finding> {
  const folder = dirname(path);
  try {
    await access(folder, constants.W_OK | constants.X_OK);
  } catch (error) {
    return { outcome: "failed", code: "sink_refused", message: `${folder} cannot be written: ${reasonOf(error)}`, user_action: "make the folder, or allow this user to write there" };
  }
  try {
    await access(path, constants.W_OK);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return { outcome: "ok", message: `${path} can be made` };
    return { outcome: "failed", code: "sink_refused", message: `${path} cannot be written: ${reasonOf(error)}`, user_action: "name another file, or allow this user to write to it" };
  }
  return { outcome: "ok", message: `${path} can be written` };
}

/** Whether a state could be written there. */
async function checkFolder(folder: string): Promise<Finding> {
  let nearest = folder;
  for (;;) {
    const probe = join(nearest, `.edgesiem-check-${process.pid}`);
    try {
      await (await open(probe, "wx", 0o600)).close();
      await rm(probe);
      return { outcome: "ok", message: nearest === folder ? folder : `${folder} will be made` };
    } catch (error) {
      const above = dirname(nearest);
      if ((error as NodeJS.ErrnoException).code === "ENOENT" && above !== nearest) {
        nearest = above;
        continue;
      }
      return { outcome: "failed", code: "store", message: `${folder} cannot be written: ${reasonOf(error)}`, user_action: "name another folder with --state, or allow this user to write there" };
    }
  }
}
