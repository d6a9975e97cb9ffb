/** Events within other JSON: what Splunk, XSOAR and others put around them. */

/** Deeper, nothing is looked for. */
const MOST_DEPTH = 4;
/** So many events are taken out of one record. */
export const MOST_PARTS = 250_000;

/** Whether an object is an event by itself. */
export function isEvent(value: unknown): value is Record<string, unknown> {
  return isObject(value) && (isObject(value["httpMessage"]) || isObject(value["attackData"]));
}

/** Whether an object is the last line of a page. */
export function isContextLine(value: unknown): boolean {
  return isObject(value) && typeof value["offset"] === "string" && Object.values(value).every((member) => typeof member !== "object");
}

/**
 * Texts of the events within a value. An event is an object with `httpMessage` and `attackData`, up to four levels deep, also in
 * arrays and in strings that hold JSON, which give it byte for byte.
 *
 * @example
 * ```ts
 * unwrapped({ result: { _raw: '{"attackData":{},"httpMessage":{}}' } }); // ['{"attackData":{},"httpMessage":{}}']
 * ```
 */
export function unwrapped(value: unknown): string[] {
  const found: string[] = [];
  collect(value, 0, found);
  return found;
}

function collect(value: unknown, depth: number, found: string[]): void {
  if (depth > MOST_DEPTH || found.length >= MOST_PARTS) return;
  if (typeof value === "string") {
    collectText(value, depth, found);
    return;
  }
  if (Array.isArray(value)) {
    for (const item of value) collect(item, depth + 1, found);
    return;
  }
  if (!isObject(value)) return;
  if (isObject(value["httpMessage"]) && isObject(value["attackData"])) {
    found.push(JSON.stringify(value));
    return;
  }
  for (const member of Object.values(value)) collect(member, depth + 1, found);
}

function collectText(text: string, depth: number, found: string[]): void {
  if (!text.includes("attackData")) return;
  const start = text.search(/[{[]/);
  if (start === -1) return;
  const json = text.slice(start);
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    return;
  }
  if (isObject(value) && isObject(value["httpMessage"]) && isObject(value["attackData"])) found.push(json);
  else collect(value, depth + 1, found);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
