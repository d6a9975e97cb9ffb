/** How the commands below `report` reach the API. */

import type { Command } from "commander";
import { load } from "../index.ts";
import type { SecurityMonitorClient } from "../pipeline/security-monitor.ts";
import { findCredentials, type CredentialsOptions } from "./credentials.ts";
import { formatDuration } from "./progress.ts";
import type { Format } from "./report-view.ts";

/** The options that all of them have. */
export interface ReportOptions extends CredentialsOptions {
  host?: string;
  allowInsecureLoopback?: true;
  format: Format;
}

/** A shorter wait is not worth a word. */
const NOTABLE_WAIT_MS = 500;

/** Adds the options that {@link securityMonitor} reads. */
export function withCredentials(command: Command): Command {
  return command
    .option("--edgerc <file>", "file with credentials (default: ~/.edgerc)")
    .option("--section <name>", "section of that file (default: default)")
    .option("--host <host>", "instead of the credentials' host")
    .option("--allow-insecure-loopback", "allow http:// to this machine itself, for tests");
}

/** A client with the credentials that the options, the environment or ~/.edgerc name. */
export async function securityMonitor(options: ReportOptions): Promise<SecurityMonitorClient> {
  const { host, clientToken, clientSecret, accessToken } = findCredentials(await load(), { ...options, hostAdvice: "set AKAMAI_HOST, or give --host HOST" });
  const { SecurityMonitorClient } = await import("../pipeline/security-monitor.ts");
  return new SecurityMonitorClient({
    host: options.host ?? host,
    clientToken,
    clientSecret,
    accessToken,
    allowInsecureLoopback: options.allowInsecureLoopback,
    onWait: (ms) => {
      if (ms >= NOTABLE_WAIT_MS) process.stderr.write(`edgesiem: waiting ${formatDuration(ms)} before the next request; the API takes five a minute\n`);
    },
  });
}
