/** What an input is, by its beginning. */

/**
 * - `lines`: one JSON object a line, with or without something before it;
 * - `objects`: an array, or indented JSON;
 * - `inside`: what stands between the braces of an event, as a selection with the mouse is;
 * - `snippet`: no JSON at all, such as a lone facet or header block;
 * - `utf-16`: text that is to be saved otherwise.
 */
export type Shape = "lines" | "objects" | "inside" | "snippet" | "utf-16";

/** How much of an input is looked at, in bytes. */
export const LOOK_BYTES = 64 * 1024;

/**
 * @example
 * ```ts
 * shapeOf(new TextEncoder().encode('{\n  "attackData": {}\n}')); // "objects"
 * ```
 */
export function shapeOf(beginning: Uint8Array): Shape {
  const [first, second] = beginning;
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)) return "utf-16";
  const text = new TextDecoder("latin1").decode(beginning.subarray(0, LOOK_BYTES)).replace(/^\u00ef\u00bb\u00bf/, "").trimStart();
  if (text.startsWith("[")) return "objects";
  if (/^"\w{1,100}"\s*:/.test(text)) return "inside";
  const end = text.indexOf("\n");
  const line = (end === -1 ? text : text.slice(0, end)).trimEnd();
  // An object that its first line leaves open between two tokens; a line that was cut ends inside of one, nearly always.
  if (line.startsWith("{")) return end !== -1 && /^\{(?:.*[{[,])?$/.test(line) ? "objects" : "lines";
  return /\{\s*"/.test(text) ? "lines" : "snippet";
}

/** Whether bytes are those of a gzip file. */
export function isGzip(beginning: Uint8Array): boolean {
  return beginning[0] === 0x1f && beginning[1] === 0x8b;
}
