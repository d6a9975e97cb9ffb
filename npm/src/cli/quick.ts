/** `pull` without a configuration: one stream, made of options. */

import { resolve } from "node:path";
import type { Configured } from "./config.ts";
import { named, numberOf, readSecrets, timeOf } from "./config.ts";
import type { Problem } from "../errors.ts";
import { load } from "../index.ts";
import { findCredentials } from "./credentials.ts";
import { CommandError, EXIT } from "./exit.ts";

/** Options of the quick form. */
export interface QuickOptions {
  source?: string;
  host?: string;
  edgerc?: string;
  section?: string;
  configId?: string[];
  from?: string;
  offset?: string;
  limit?: string;
  schema?: string;
  to?: string;
  signingSecret?: string;
  allowInsecureLoopback?: true;
  secretsFile?: string;
  state?: string;
}

/** Name of the stream that the options make. */
export const QUICK_STREAM = "quick";

/** The options that only the quick form has. */
const ONLY_QUICK = ["host", "edgerc", "section", "configId", "from", "offset", "limit", "schema", "to", "signingSecret", "allowInsecureLoopback"] as const;

/** Whether the quick form is meant. */
export function isQuick(options: QuickOptions): boolean {
  if (options.source !== undefined) return true;
  const given = ONLY_QUICK.find((name) => options[name] !== undefined);
  if (given === undefined) return false;
  const flag = given.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  throw new CommandError(`--${flag} needs --source`, EXIT.usage, "add --source akamai-siem, or write it into the configuration");
}

/** The configuration that the options mean. Without `--state` its `state` is empty: nothing is kept. */
export async function quickConfig(options: QuickOptions): Promise<Configured> {
  const { configId = [], to } = options;
  if (options.source !== "akamai-siem") throw new CommandError(`--source ${options.source ?? ""} is unknown`, EXIT.usage, "use akamai-siem; other sources need a configuration, which `edgesiem init --source` writes");
  if (configId.length === 0) throw new CommandError("--config-id is missing", EXIT.usage, "name at least one, from the SIEM Integration section of a security configuration");
  if (to === undefined) throw new CommandError("--to is missing", EXIT.usage, "use stdout, file:PATH or a URL that takes webhooks");
  const environment = await readSecrets(options);
  const { host, clientToken, clientSecret, accessToken } = findCredentials(await load(), { ...options, hostAdvice: "set AKAMAI_HOST, or give --host HOST" });
  const sink = sinkTo(to, options.signingSecret);
  const config = {
    allow_insecure_loopback: options.allowInsecureLoopback === true,
    streams: [
      {
        id: QUICK_STREAM,
        schema: options.schema ?? "decoded",
        sinks: [sink.name],
        source: {
          kind: "akamai-siem",
          host: options.host ?? host,
          config_ids: configId,
          client_token: { secret: "client_token" },
          client_secret: { secret: "client_secret" },
          access_token: { secret: "access_token" },
          ...(options.from === undefined ? {} : { start_from: Math.floor(timeOf("--from", options.from) / 1000) }),
          ...(options.offset === undefined ? {} : { start_offset: options.offset }),
          ...(options.limit === undefined ? {} : { limit: numberOf("--limit", options.limit, 1, 600_000) }),
        },
      },
    ],
    sinks: { [sink.name]: sink.table },
  };
  const secrets = { ...environment, client_token: clientToken, client_secret: clientSecret, access_token: accessToken };
  return { config, name: "the command line", secrets, state: options.state === undefined ? "" : resolve(options.state), reword: (problem) => ofOptions(problem, options) };
}

/** The options behind the keys of a problem. */
const OPTIONS: readonly [key: RegExp, option: string][] = [
  [/\.source\.host$/, "--host"],
  [/\.source\.config_ids\b/, "--config-id"],
  [/\.source\.limit$/, "--limit"],
  [/\.source\.start_from$/, "--from"],
  [/\.source\.start_offset$/, "--offset"],
  [/\.schema\b/, "--schema"],
  [/^sinks\.\w+\.signing_secret$/, "--signing-secret"],
  [/^sinks\./, "--to"],
];

/** A problem of the configuration that the options made, as one of the options. */
function ofOptions(problem: Problem, options: QuickOptions): Problem {
  const option = OPTIONS.find(([key]) => key.test(problem.key))?.[1] ?? problem.key;
  const given = option === "--host" && options.host === undefined ? "the credentials' host" : option;
  const words = (text: string): string => text.replaceAll("set allow_insecure_loopback = true", "add --allow-insecure-loopback");
  return { key: given, message: words(problem.message), userAction: words(problem.userAction) };
}

function sinkTo(to: string, signingSecret: string | undefined): { name: string; table: Record<string, unknown> } {
  if (to === "stdout" || to === "-") return { name: "stdout", table: { kind: "stdout" } };
  if (to.startsWith("file:")) return { name: "file", table: { kind: "file", path: named("--to file:", to.slice("file:".length)) } };
  if (!/^https?:\/\//.test(to)) throw new CommandError(`--to ${to} is no place for events`, EXIT.usage, "use stdout, file:PATH or a URL that takes webhooks");
  // It may be the secret itself, which is not repeated.
  if (signingSecret !== undefined && !/^[A-Za-z_][A-Za-z0-9_]{0,63}$/.test(signingSecret)) {
    throw new CommandError("--signing-secret is no name of a variable", EXIT.usage, "give the name of the environment variable that has the secret, not the secret");
  }
  if (signingSecret?.startsWith("whsec_") === true) {
    throw new CommandError("--signing-secret is a secret", EXIT.usage, "give the name of the environment variable that has it");
  }
  const signed = signingSecret === undefined ? { unsigned: true } : { signing_secret: { secret: signingSecret } };
  return { name: "webhook", table: { kind: "webhook", url: to, ...signed } };
}
