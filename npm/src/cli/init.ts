/** `edgesiem init`: an example of a configuration, to be edited. */

import { writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { Option, type Command } from "commander";
import { DEFAULT_CONFIG } from "./config.ts";
import { CommandError, EXIT, reasonOf } from "./exit.ts";
import { shellWord } from "./shell.ts";
import { printable } from "./terminal.ts";

const HELP = `
Never overwrites a file.

Exit code: 0 it is written, 2 it is there already, or cannot be written.

Examples:
  edgesiem init                                    Akamai's SIEM API, in edgesiem.toml
  edgesiem init --source trend-micro-cas cas.toml  Trend Micro Cloud App Security`;

/** What an example has of a kind of source. */
interface Example {
  stream: string;
  /** The keys of `[streams.source]` behind its kind. */
  table: string;
  /** What only the user knows. */
  toFill: string;
  /** Names of the secrets. */
  secrets: readonly string[];
}

const EXAMPLES = {
  "akamai-siem": {
    stream: "prod-waf",
    table: `host = "akab-xxxxxxxxxxxxxxxx-xxxxxxxxxxxxxxxx.luna.akamaiapis.net"
config_ids = [14227]              # security configurations
client_token = { secret = "AKAMAI_CLIENT_TOKEN" }      # names of secrets, never their values
client_secret = { secret = "AKAMAI_CLIENT_SECRET" }
access_token = { secret = "AKAMAI_ACCESS_TOKEN" }`,
    toFill: "your host, configuration ids and sinks",
    secrets: ["AKAMAI_CLIENT_TOKEN", "AKAMAI_CLIENT_SECRET", "AKAMAI_ACCESS_TOKEN"],
  },
  "trend-micro-cas": {
    stream: "cas",
    table: `region = "us"                     # or eu, jp, au, uk, ca, sg, in: where your console is
# host = "api.tmcas.trendmicro.com"                    # instead of region; http://127.0.0.1:PORT only with
#                                                      # allow_insecure_loopback = true above [[streams]]
token = { secret = "TREND_MICRO_TOKEN" }               # the name of a secret, never its value
# token_created = "2026-01-31"                         # \`edgesiem check\` says when its 365 days are nearly over
# Without this line all services; the others are teams, teams_chat, sharepoint, dropbox, box, googledrive, gmail, exchangeserver,
# salesforce_sandbox and salesforce_production.
# services = ["exchange", "onedrive"]
# events = ["securityrisk", "virtualanalyzer", "ransomware", "dlp"]
# requests_per_minute = 10                             # at most 20, which all clients of a customer share, a replay
#                                                      # beside the stream too`,
    toFill: "your region and sinks",
    secrets: ["TREND_MICRO_TOKEN"],
  },
} as const satisfies Record<string, Example>;

type SourceKind = keyof typeof EXAMPLES;
const DEFAULT_SOURCE: SourceKind = "akamai-siem";

interface InitOptions {
  source: SourceKind;
}

/** Adds the command. */
export function register(program: Command): void {
  program
    .command("init")
    .summary("write an example of a configuration")
    .description("Writes a configuration with one stream, from a source to a file on this machine.")
    .argument("[file]", "where to", DEFAULT_CONFIG)
    .addOption(new Option("--source <kind>", "where events come from").choices(Object.keys(EXAMPLES)).default(DEFAULT_SOURCE))
    .addHelpText("after", HELP)
    .action(init);
}

/**
 * A configuration of one stream.
 *
 * @param target The file that events are appended to, from the root on.
 *
 * @example
 * ```ts
 * exampleConfig("/var/log/edgesiem/events.ndjson").split("\n")[0]; // "#:schema node_modules/edgesiem/config.schema.json"
 * ```
 */
export function exampleConfig(target: string, kind: SourceKind = DEFAULT_SOURCE): string {
  const { stream, table }: Example = EXAMPLES[kind];
  return `#:schema node_modules/edgesiem/config.schema.json

[[streams]]
${`id = "${stream}"`.padEnd(34)}# under another name the stream begins anew
schema = "ocsf"                   # or decoded, raw, ecs, cef, otel${kind === "akamai-siem" ? ", ..." : ""}
sinks = ["archive"]               # names of the tables [sinks.NAME]

[streams.source]
kind = "${kind}"
${table}

[sinks.archive]
kind = "file"                     # or splunk-hec, elasticsearch, s3, sentinel, webhook, ...
path = ${JSON.stringify(target)}
`;
}

async function init(file: string, { source }: InitOptions): Promise<void> {
  const path = resolve(file);
  try {
    await writeFile(path, exampleConfig(join(dirname(path), "events.ndjson"), source), { flag: "wx" });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") throw new CommandError(`${file} is there already`, EXIT.usage, "edit it, or name another file: edgesiem init FILE");
    throw new CommandError(`cannot write ${file}: ${reasonOf(error)}`, EXIT.usage, "check the path and the permissions");
  }
  const { toFill, secrets }: Example = EXAMPLES[source];
  const config = file === DEFAULT_CONFIG ? "" : ` --config ${shellWord(file)}`;
  process.stdout.write(
    printableLines([
      `${file} is written. Next:`,
      `  1. put ${toFill} into it`,
      `  2. set ${listed(secrets)}, or put ${secrets.length === 1 ? "it" : "them"} into a file for --secrets-file`,
      `  3. edgesiem check${config}`,
      `  4. edgesiem pull${config} --follow`,
    ]),
  );
}

function printableLines(lines: readonly string[]): string {
  return lines.map((line) => `${printable(line)}\n`).join("");
}

/** `a, b and c`. */
function listed(names: readonly string[]): string {
  return names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names.at(-1) ?? ""}`;
}
