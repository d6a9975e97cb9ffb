/** What commands that look at streams or operate them have in common. */

import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { FileStore } from "../node/file-store.ts";
import type { Pipeline } from "../pipeline/pipeline.ts";
import { DEFAULT_CONFIG, openPipeline, readConfig, type ConfigOptions, type Configured } from "./config.ts";
import { CommandError, EXIT } from "./exit.ts";
import { documentsForTerminal } from "./terminal.ts";

/** What the keys of checkpoints begin with. */
const CHECKPOINTS = "checkpoint/";

/**
 * Stands in for a secret where nobody is asked anything. Sinks look at the form of theirs: this is a webhook's, and will do where any
 * word will. A key file of Google's has to be the real one.
 */
const PLACEHOLDER = `whsec_${"A".repeat(43)}=`;

/** A configuration holds no more streams than this by far. */
const MAX_STREAMS = 1000;

/** Opens the streams for a look or a change of their state, for which no secret is needed. */
export async function openState(options: ConfigOptions): Promise<{ configured: Configured; pipeline: Pipeline }> {
  const configured = (await ofFolder(options)) ?? (await readConfig(options));
  const { secrets } = configured;
  const host = {
    store: new FileStore(configured.state),
    secrets: (name: string) => secrets[name] ?? PLACEHOLDER,
    places: ["file", "stdout"] as const,
  };
  return { configured, pipeline: await openPipeline(configured, host) };
}

/**
 * A state that `pull --source` keeps has no configuration beside it. Of its streams nothing has to be known here but their names.
 * `undefined` if there is a configuration, or no state.
 */
async function ofFolder({ config, state }: ConfigOptions): Promise<Configured | undefined> {
  if (state === undefined || config !== undefined || existsSync(DEFAULT_CONFIG)) return undefined;
  const { keys } = await new FileStore(resolve(state)).list(CHECKPOINTS, MAX_STREAMS);
  if (keys.length === 0) throw new CommandError(`there is no state in ${state}`, EXIT.usage, "name the folder that `edgesiem pull --state` was given, or a configuration with --config");
  const secret = { secret: "NONE" };
  const source = { kind: "akamai-siem", host: "host.invalid", config_ids: [1], client_token: secret, client_secret: secret, access_token: secret };
  return {
    config: { streams: keys.map((key) => ({ id: key.slice(CHECKPOINTS.length), sinks: ["unknown"], source })), sinks: { unknown: { kind: "stdout" } } },
    name: state,
    secrets: {},
    state: resolve(state),
  };
}

/** Writes one JSON document to stdout. It may hold what others wrote, which does not reach a terminal as it is. */
export function sayJson(value: unknown): void {
  const text = `${JSON.stringify(value)}\n`;
  process.stdout.write(process.stdout.isTTY === true ? documentsForTerminal(text) : text);
}
