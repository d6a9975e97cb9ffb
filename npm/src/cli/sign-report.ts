/** What `sign` prints: a line for curl, or every stage of the signature. */

import type { ExplainedSignature } from "../index.ts";
import { shellWord } from "./shell.ts";
import { printable } from "./terminal.ts";

/** A request as it will be sent. */
export interface SentRequest {
  method: string;
  /** Absolute, as it was signed. */
  url: string;
  headers: readonly [name: string, value: string][];
  /** File of the body; `-` is standard input. */
  bodyFile: string | undefined;
}

/**
 * A curl command that sends the request as it was signed: without globbing and without removing dot segments, which would
 * change the target, and without a progress meter.
 *
 * @example
 * ```ts
 * curlCommand({ method: "GET", url: "https://h.example/a?b=c", headers: [], bodyFile: undefined }, "EG1-HMAC-SHA256 …");
 * ```
 */
export function curlCommand(request: SentRequest, authorization: string): string {
  const words = ["curl", "--silent", "--show-error", "--globoff", "--path-as-is"];
  // With --request HEAD curl would wait for a body.
  if (request.method === "HEAD") words.push("--head");
  else words.push("--request", request.method);
  for (const [name, value] of [["Authorization", authorization] as const, ...request.headers]) {
    // curl leaves out a header that ends in a colon, and sends one that ends in a semicolon without a value.
    words.push("--header", value === "" ? `${name};` : `${name}: ${value}`);
  }
  if (request.bodyFile !== undefined) words.push("--data-binary", `@${request.bodyFile}`);
  words.push(request.url);
  return words.map(shellWord).join(" ");
}

/** The stages of a signature, one a line, labelled and aligned. Tabs between fields are shown as `\t`. */
export function explain(stages: ExplainedSignature, options: { showsSecrets: boolean }): string {
  const rows: [label: string, value: string][] = [
    ["canonical headers", visible(stages.canonicalHeaders) || "(none is signed)"],
    ["content hash", stages.contentHash || "(only the body of a POST is signed)"],
    ["data to sign", visible(stages.dataToSign)],
    ["signing key", options.showsSecrets ? stages.signingKey : "*** (--show-secrets shows it)"],
    ["signature", stages.signature],
    ["Authorization", stages.authorization],
  ];
  const width = Math.max(...rows.map(([label]) => label.length));
  return rows.map(([label, value]) => `${label.padEnd(width)}  ${value}\n`).join("");
}

function visible(text: string): string {
  return text.split("\t").map((field) => printable(field, Infinity)).join("\\t");
}
