/** How the commands below `report` reach the API. */

import type { Command } from "commander";
import { load } from "../index.ts";
import type { SecurityMonitorClient, WaitReason } from "../pipeline/security-monitor.ts";
import { findCredentials, type CredentialsOptions } from "./credentials.ts";
import { formatDuration } from "./progress.ts";
import { inWordsOf } from "./report-terms.ts";
import type { Format } from "./report-view.ts";

/** The options that all of them have. */
export interface ReportOptions extends CredentialsOptions {
  host?: string;
  allowInsecureLoopback?: true;
  format: Format;
}

/** A shorter wait is not worth a word. */
const NOTABLE_WAIT_MS = 500;

/** Stands behind the time that a wait takes. */
const REASONS: Readonly<Record<WaitReason, string>> = {
  "rate-limit": "the API takes five requests a minute",
  throttled: "the five requests that the API takes in a minute are used up, by others or by commands before this one",
  unreachable: "the API did not answer and is asked again",
  unavailable: "the API has trouble and is asked again",
  unreadable: "the API's answer could not be read and is asked for once more",
};

/** Adds the options that {@link asking} reads. */
export function withCredentials(command: Command): Command {
  return command
    .option("--edgerc <file>", "file with credentials (default: ~/.edgerc)")
    .option("--section <name>", "section of that file (default: default)")
    .option("--host <host>", "instead of the credentials' host")
    .option("--allow-insecure-loopback", "allow http:// to this machine itself, for tests");
}

/**
 * Does `work` with a client that has the credentials which the options, the environment or ~/.edgerc name. Its errors come in the words
 * of the command line.
 */
export async function asking<T>(options: ReportOptions, work: (client: SecurityMonitorClient) => Promise<T>): Promise<T> {
  const { host, clientToken, clientSecret, accessToken } = findCredentials(await load(), { ...options, hostAdvice: "set AKAMAI_HOST, or give --host HOST" });
  const { SecurityMonitorClient } = await import("../pipeline/security-monitor.ts");
  const client = new SecurityMonitorClient({
    host: options.host ?? host,
    clientToken,
    clientSecret,
    accessToken,
    allowInsecureLoopback: options.allowInsecureLoopback,
    onWait: (ms, reason) => {
      if (ms >= NOTABLE_WAIT_MS) process.stderr.write(`edgesiem: waiting ${formatDuration(ms)}: ${REASONS[reason]}\n`);
    },
  });
  try {
    return await work(client);
  } catch (error) {
    throw inWordsOf(options, error);
  }
}
