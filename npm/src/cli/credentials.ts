/** Where a command's credentials come from. */

import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

import type { Core, Credentials } from "../index.ts";
import { CommandError, EXIT, reasonOf } from "./exit.ts";
import { refuseUtf16 } from "./utf16.ts";

/** The options that name credentials. */
export interface CredentialsOptions {
  edgerc?: string;
  section?: string;
}

/** What is known beside the credentials. */
export interface HostOptions {
  /** Host that is asked in any case, so that no variable has to name one. */
  host?: string | undefined;
  /** What to do if nobody names a host. */
  hostAdvice?: string;
}

/** Of no use but as a host's form, where it is known that no other is needed. */
const ANY_HOST = "host.invalid";

/**
 * Credentials of a section in an `.edgerc` file. Without `edgerc` the `AKAMAI_*` variables come first, if any of them is set,
 * then `~/.edgerc`. Throws what tells the user which one to repair, and never shows a value.
 */
export function findCredentials(core: Core, options: CredentialsOptions & HostOptions): Credentials {
  const { edgerc, section } = options;
  if (edgerc === undefined) {
    const credentials = ofEnvironment(core, options);
    if (credentials !== undefined) return credentials;
  }
  const path = edgerc ?? join(homedir(), ".edgerc");
  return core.parseEdgerc(readEdgerc(path), section);
}

/** `undefined` if no variable of this section is set. */
function ofEnvironment(core: Core, { section = "default", host, hostAdvice }: CredentialsOptions & HostOptions): Credentials | undefined {
  const prefix = section.toLowerCase() === "default" ? "AKAMAI_" : `AKAMAI_${section.toUpperCase()}_`;
  const isSet = (name: string): boolean => (process.env[prefix + name] ?? "").trim() !== "";
  if (isSet("HOST") || !["CLIENT_TOKEN", "CLIENT_SECRET", "ACCESS_TOKEN"].some(isSet)) return core.credentialsFromEnv(process.env, section);
  // What else is missing or wrong is said first.
  const credentials = core.credentialsFromEnv({ ...process.env, [`${prefix}HOST`]: ANY_HOST }, section);
  if (credentials === undefined) return undefined;
  if (host !== undefined) return { ...credentials, host };
  throw new CommandError(`${prefix}HOST is not set`, EXIT.usage, hostAdvice ?? `set ${prefix}HOST`);
}

function readEdgerc(path: string): string {
  const bytes = readCredentials(path);
  refuseUtf16(path, bytes);
  return bytes.toString("utf8");
}

function readCredentials(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    const action = "name the file with --edgerc, or set AKAMAI_HOST, AKAMAI_CLIENT_TOKEN, AKAMAI_CLIENT_SECRET and AKAMAI_ACCESS_TOKEN";
    throw new CommandError(`no credentials: cannot read ${path}: ${reasonOf(error)}`, EXIT.usage, action);
  }
}
