/** The request of an event as a command line, to look at or to repeat against a system of one's own. */

import { membersOf, textOf } from "../index/row.ts";

/** What curl makes by itself, or what would say something untrue of this request. */
const LEFT_OUT = new Set(["host", "content-length", "connection", "transfer-encoding"]);
const MOST_HEADERS = 100;

/**
 * A curl command that describes the request of a decoded event. Every text of the event is quoted for a POSIX shell, and none is
 * taken for an option. The body is not part of an event.
 *
 * @example
 * ```ts
 * curlOf({ httpMessage: { host: "www.example.com", path: "/", method: "GET", port: "80" } });
 * // "curl --globoff --path-as-is --request 'GET' --url 'http://www.example.com/'"
 * ```
 */
export function curlOf(event: Readonly<Record<string, unknown>>): string {
  const http = membersOf(event["httpMessage"]);
  const port = textOf(http["port"]);
  const scheme = textOf(http["tls"]) !== "" || port === "443" || port === "8443" ? "https" : "http";
  const usual = scheme === "https" ? "443" : "80";
  const path = textOf(http["path"]);
  const query = textOf(http["query"]);
  const url = `${scheme}://${textOf(http["host"])}${port === "" || port === usual ? "" : `:${port}`}${path.startsWith("/") ? "" : "/"}${path}${query === "" ? "" : `?${query}`}`;
  const words = ["curl --globoff --path-as-is", `--request ${quoted(textOf(http["method"]) || "GET")}`, `--url ${quoted(url)}`];
  const headers = Array.isArray(http["requestHeaders"]) ? http["requestHeaders"].slice(0, MOST_HEADERS).map(membersOf) : [];
  for (const header of headers) {
    const [name, value] = [textOf(header["name"]), textOf(header["value"])];
    // curl reads `@file` and `Name;` as something else.
    if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name) || LEFT_OUT.has(name.toLowerCase())) continue;
    words.push(value === "" ? `--header ${quoted(`${name};`)}` : `--header ${quoted(`${name}: ${value}`)}`);
  }
  return words.join(" \\\n  ");
}

/** A word of a POSIX shell. Control characters, which a terminal might act on when it is pasted, are percent-encoded. */
function quoted(text: string): string {
  const safe = text.replace(/[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g, (character) =>
    Array.from(new TextEncoder().encode(character), (byte) => `%${byte.toString(16).padStart(2, "0")}`).join(""),
  );
  return `'${safe.replaceAll("'", "'\\''")}'`;
}
