/** Where a command's credentials come from. */

import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

import type { Core, Credentials } from "../index.ts";
import { CommandError, EXIT, reasonOf } from "./exit.ts";

/** The options that name credentials. */
export interface CredentialsOptions {
  edgerc?: string;
  section?: string;
}

/**
 * Credentials of a section in an `.edgerc` file. Without `edgerc` the `AKAMAI_*` variables come first, if any of them is set,
 * then `~/.edgerc`. Throws what tells the user which one to repair, and never shows a value.
 */
export function findCredentials(core: Core, options: CredentialsOptions): Credentials {
  const { edgerc, section } = options;
  if (edgerc === undefined) {
    const credentials = core.credentialsFromEnv(process.env, section);
    if (credentials !== undefined) return credentials;
  }
  const path = edgerc ?? join(homedir(), ".edgerc");
  return core.parseEdgerc(readEdgerc(path), section);
}

function readEdgerc(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    const action = "name the file with --edgerc, or set AKAMAI_HOST, AKAMAI_CLIENT_TOKEN, AKAMAI_CLIENT_SECRET and AKAMAI_ACCESS_TOKEN";
    throw new CommandError(`no credentials: cannot read ${path}: ${reasonOf(error)}`, EXIT.usage, action);
  }
}
