/** `edgesiem sign`: the value of an Authorization header, for curl and for comparing with another implementation. */

import { readFileSync } from "node:fs";

import { InvalidArgumentError, type Command } from "commander";

import { InvalidArgumentError as InvalidArgument, load, type Credentials, type SigningOptions, type SigningRequest } from "../index.ts";
import { findCredentials, type CredentialsOptions } from "./credentials.ts";
import { CommandError, EXIT, reasonOf } from "./exit.ts";
import { print } from "./output.ts";
import { curlCommand, explain } from "./sign-report.ts";
import { printable } from "./terminal.ts";

interface SignOptions extends CredentialsOptions {
  header?: [string, string][];
  bodyFile?: string;
  headersToSign?: string[];
  maxBody?: number;
  timestamp?: string;
  nonce?: string;
  explain?: true;
  showSecrets?: true;
  curl?: true;
  json?: true;
}

const HELP = `
URL is absolute, or a path and query on the host of the credentials. It is signed as it is written, the method in upper case.
A signature is good for one request, sent within 30 seconds.

Credentials come from --edgerc; without it from AKAMAI_HOST, AKAMAI_CLIENT_TOKEN, AKAMAI_CLIENT_SECRET and AKAMAI_ACCESS_TOKEN
(AKAMAI_<SECTION>_HOST and so on for another section), if any of them is set; then from ~/.edgerc.

Examples:
  edgesiem sign GET '/siem/v1/configs/14227?offset=NULL&limit=10' --curl | sh
  edgesiem sign POST https://akab-xxxx.luna.akamaiapis.net/papi/v1/x --body-file body.json --explain
  edgesiem sign GET /siem/v1/configs/14227 --header 'X-Test: 1' --headers-to-sign X-Test`;

/** Adds the command. */
export function register(program: Command): void {
  program
    .command("sign")
    .summary("sign a request to an Akamai API (EdgeGrid)")
    .description("Prints the value of the Authorization header of one request to an Akamai API (EdgeGrid, EG1-HMAC-SHA256).")
    .argument("<method>", "such as GET", methodName)
    .argument("<url>", "absolute, or path and query", urlOrPath)
    .option("--edgerc <file>", "file with credentials (default: ~/.edgerc)")
    .option("--section <name>", "section of that file (default: default)")
    .option("-H, --header <header>", "'Name: value' of the request; may be repeated", collectHeader)
    .option("--body-file <file>", "the request's body; - is standard input")
    .option("--headers-to-sign <names>", "comma-separated names of headers that are signed, in this order", commaSeparated)
    .option("--max-body <bytes>", "how much of a POST body is signed", wholeNumber)
    .option("--timestamp <time>", "20140321T19:34:21+0000 instead of now")
    .option("--nonce <nonce>", "instead of a random one")
    .option("--explain", "print every stage of the signature")
    .option("--show-secrets", "print the signing key too, which signs other requests of the same second")
    .option("--curl", "print a curl command that sends the request")
    .option("--json", "print the header, timestamp and nonce as JSON")
    .addHelpText("after", HELP)
    .action(sign);
}

async function sign(method: string, url: string, options: SignOptions): Promise<void> {
  const core = await load();
  const host = url.startsWith("/") ? undefined : hostOf(url);
  const credentials: Credentials = { ...findCredentials(core, { ...options, host, hostAdvice: "set it, or give an absolute URL" }) };
  if (options.maxBody !== undefined) credentials.maxBody = options.maxBody;
  if (options.headersToSign !== undefined) credentials.headersToSign = options.headersToSign;
  const absolute = url.startsWith("/") ? `https://${credentials.host}${url}` : url;
  const headers = options.header ?? [];
  const request: SigningRequest = { method, url: absolute, headers };
  if (options.bodyFile !== undefined) request.body = readBody(options.bodyFile);
  const attempt: SigningOptions = { timestamp: options.timestamp, nonce: options.nonce };

  const stages = ownTerms(() => core.explainSignature(request, credentials, attempt));
  for (const warning of warnings(absolute, credentials, headers)) process.stderr.write(`edgesiem: ${warning}\n`);
  const { authorization, timestamp, nonce } = stages;
  const printed: string[] = [];
  if (options.explain === true) printed.push(explain(stages, { showsSecrets: options.showSecrets === true }));
  if (options.json === true) printed.push(`${JSON.stringify({ method, url: absolute, authorization, timestamp, nonce })}\n`);
  if (options.curl === true) {
    if (method === "HEAD" && options.bodyFile !== undefined) {
      throw new CommandError("curl sends no body with HEAD", EXIT.usage, "leave out --body-file, or leave out --curl");
    }
    printed.push(`${curlCommand({ method, url: absolute, headers, bodyFile: options.bodyFile }, authorization)}\n`);
  }
  print(printed.join("") || `${authorization}\n`);
}

/** Names of the core's arguments on the command line. */
const OWN_TERMS: readonly [RegExp, string][] = [
  [/^request\.url\b/, "the URL"],
  [/^request\.method\b/, "the method"],
  [/^options\.(timestamp|nonce)\b/, "--$1"],
];

/** Whoever typed a command line knows nothing of the core's arguments. */
function ownTerms<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof InvalidArgument)) throw error;
    const message = OWN_TERMS.reduce((text, [pattern, name]) => text.replace(pattern, name), error.message);
    throw new CommandError(message, EXIT.usage, "edgesiem sign --help shows examples");
  }
}

/** What would make the server refuse the signature although it is right. */
function warnings(url: string, credentials: Credentials, headers: readonly [string, string][]): string[] {
  const found: string[] = [];
  const sent = URL.canParse(url) ? new URL(url).href : undefined;
  // Both are signed in lower case.
  const signed = url.replace(/^[^:/?#]+:\/\/[^/?#]*/, (origin) => origin.toLowerCase());
  if (sent !== undefined && sent !== signed) {
    found.push(`fetch and other clients send this URL as ${printable(sent)}, for which the signature is not good: sign that one for them`);
  }
  const [asked, own] = [hostOf(url), hostOf(`https://${credentials.host}`)];
  if (asked !== undefined && own !== undefined && asked !== own) {
    found.push(`the URL's host ${printable(asked)} is not that of the credentials, ${printable(own)}: Akamai takes a signature only at its own host`);
  }
  const given = new Set(headers.map(([name]) => name.toLowerCase()));
  for (const name of credentials.headersToSign ?? []) {
    if (!given.has(name.toLowerCase())) found.push(`${printable(name)} is to be signed, but the request has no such header; give it with --header`);
  }
  return found;
}

/** Name and port, in one spelling; `undefined` for what the core refuses or does without. */
function hostOf(url: string): string | undefined {
  return URL.canParse(url) ? new URL(url).host : undefined;
}

function readBody(path: string): Uint8Array {
  try {
    return readFileSync(path === "-" ? 0 : path);
  } catch (error) {
    throw new CommandError(`cannot read the body from ${path}: ${reasonOf(error)}`, EXIT.usage, "check the path and the permissions");
  }
}

function collectHeader(text: string, headers: [string, string][] = []): [string, string][] {
  // RFC 9110, section 5: a name is a token, and a value has no line breaks.
  const [, name, value] = /^([!#$%&'*+\-.^_`|~\w]+):[ \t]*([^\r\n\0]*)$/.exec(text) ?? [];
  if (name === undefined || value === undefined) throw new InvalidArgumentError("It is not of the form 'Name: value' on one line.");
  return [...headers, [name, value]];
}

/** What is signed has the method in upper case, and what is sent must be the same. */
function methodName(text: string): string {
  if (!/^[!#$%&'*+\-.^_`|~\w]+$/.test(text)) throw new InvalidArgumentError("It is not a method, such as GET.");
  return text.toUpperCase();
}

function urlOrPath(text: string): string {
  if (!/^(?:\/|[a-z][a-z\d+.-]*:\/\/)/i.test(text)) throw new InvalidArgumentError("Begin it with / or https://");
  return text;
}

function commaSeparated(text: string): string[] {
  return text.split(",").map((name) => name.trim()).filter((name) => name !== "");
}

function wholeNumber(text: string): number {
  // 2^32 - 1 is the most that the core takes.
  if (!/^\d{1,10}$/.test(text) || Number(text) > 0xffff_ffff) throw new InvalidArgumentError("It is not a number of bytes.");
  return Number(text);
}
