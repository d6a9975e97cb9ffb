/** A piece of an event by itself: a rule facet or a header block. */

/** How a text that is no JSON is read. */
export type SnippetKind = "facet" | "headers" | undefined;

/** Longer texts are no snippets. */
export const MOST_SNIPPET_BYTES = 2 ** 20;

/**
 * What a text looks like: header lines with a colon in the first one, encoded or not, or a list of base64.
 *
 * @example
 * ```ts
 * snippetKind("OTUwMDAy%3bOTUwMDA2"); // "facet"
 * snippetKind("Host%3a%20www.example.com%0d%0a"); // "headers"
 * ```
 */
export function snippetKind(given: string): SnippetKind {
  const text = given.trim();
  if (text === "") return undefined;
  const [first = ""] = text.split(/%0d%0a|%0a|\r?\n/i, 1);
  if (/^[\w!#$&'*+.^`|~-]{1,200}(?::|%3a)(?:\s|%20|%09|\S|$)/i.test(first) && !/^[A-Za-z0-9+/_-]+(?:%3d|=)*(?:%3b|;)/i.test(first)) return "headers";
  return /^[A-Za-z0-9+/_=%;\s-]+$/.test(text) ? "facet" : undefined;
}

/** The text of a facet or header block without what copying adds: quotes around it, a comma behind. */
export function trimmedSnippet(text: string): string {
  return text.trim().replace(/,$/, "").replace(/^"([\s\S]*)"$/, "$1");
}
