/** What commands that look at streams or operate them have in common. */

import { FileStore } from "../node/file-store.ts";
import type { Pipeline } from "../pipeline/pipeline.ts";
import { openPipeline, readConfig, type ConfigOptions, type Configured } from "./config.ts";

/**
 * Stands in for a secret where nobody is asked anything. Sinks look at the form of theirs: this is a webhook's, and will do where any
 * word will. A key file of Google's has to be the real one.
 */
const PLACEHOLDER = `whsec_${"A".repeat(43)}=`;

/** Opens the streams for a look or a change of their state, for which no secret is needed. */
export async function openState(options: ConfigOptions): Promise<{ configured: Configured; pipeline: Pipeline }> {
  const configured = await readConfig(options);
  const { secrets } = configured;
  const host = {
    store: new FileStore(configured.state),
    secrets: (name: string) => secrets[name] ?? PLACEHOLDER,
    places: ["file", "stdout"] as const,
  };
  return { configured, pipeline: await openPipeline(configured, host) };
}

/** Writes one JSON document to stdout. */
export function sayJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}
