/** `edgesiem init`: an example of a configuration, to be edited. */

import { writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import type { Command } from "commander";
import { DEFAULT_CONFIG } from "./config.ts";
import { CommandError, EXIT, reasonOf } from "./exit.ts";
import { shellWord } from "./shell.ts";
import { printable } from "./terminal.ts";

const HELP = `
Never overwrites a file.

Exit code: 0 it is written, 2 it is there already, or cannot be written.`;

/** Adds the command. */
export function register(program: Command): void {
  program
    .command("init")
    .summary("write an example of a configuration")
    .description("Writes a configuration with one stream, from Akamai's SIEM API to a file on this machine.")
    .argument("[file]", "where to", DEFAULT_CONFIG)
    .addHelpText("after", HELP)
    .action(init);
}

/**
 * A configuration of one stream. `target` is the file that events are appended to, from the root on.
 *
 * @example
 * ```ts
 * exampleConfig("/var/log/edgesiem/events.ndjson").split("\n")[0]; // "#:schema node_modules/edgesiem/config.schema.json"
 * ```
 */
export function exampleConfig(target: string): string {
  return `#:schema node_modules/edgesiem/config.schema.json

[[streams]]
id = "prod-waf"                   # under another name the stream begins anew
schema = "ocsf"                   # or decoded, raw, ecs, cef, otel, ...
sinks = ["archive"]               # names of the tables [sinks.NAME]

[streams.source]
kind = "akamai-siem"
host = "akab-xxxxxxxxxxxxxxxx-xxxxxxxxxxxxxxxx.luna.akamaiapis.net"
config_ids = [14227]              # security configurations
client_token = { secret = "AKAMAI_CLIENT_TOKEN" }      # names of secrets, never their values
client_secret = { secret = "AKAMAI_CLIENT_SECRET" }
access_token = { secret = "AKAMAI_ACCESS_TOKEN" }

[sinks.archive]
kind = "file"                     # or splunk-hec, elasticsearch, s3, sentinel, webhook, ...
path = ${JSON.stringify(target)}
`;
}

async function init(file: string): Promise<void> {
  const path = resolve(file);
  try {
    await writeFile(path, exampleConfig(join(dirname(path), "events.ndjson")), { flag: "wx" });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") throw new CommandError(`${file} is there already`, EXIT.usage, "edit it, or name another file: edgesiem init FILE");
    throw new CommandError(`cannot write ${file}: ${reasonOf(error)}`, EXIT.usage, "check the path and the permissions");
  }
  const config = file === DEFAULT_CONFIG ? "" : ` --config ${shellWord(file)}`;
  process.stdout.write(
    printableLines([
      `${file} is written. Next:`,
      `  1. put your host, configuration ids and sinks into it`,
      `  2. set AKAMAI_CLIENT_TOKEN, AKAMAI_CLIENT_SECRET and AKAMAI_ACCESS_TOKEN, or put them into a file for --secrets-file`,
      `  3. edgesiem check${config}`,
      `  4. edgesiem pull${config} --follow`,
    ]),
  );
}

function printableLines(lines: readonly string[]): string {
  return lines.map((line) => `${printable(line)}\n`).join("");
}
