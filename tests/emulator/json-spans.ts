/**
 * Where JSON values begin and end in a buffer, without changing a byte of them. Only structure is looked at;
 * whether a value is valid JSON is for `JSON.parse` to say.
 */

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN = new Set([0x7b, 0x5b]);
const COMMA = 0x2c;
const COLON = 0x3a;

export interface Span {
  start: number;
  end: number;
}

function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

function skipSpace(bytes: Uint8Array, at: number): number {
  while (isSpace(bytes[at])) at += 1;
  return at;
}

function stringEnd(bytes: Uint8Array, start: number): number {
  for (let at = start + 1; at < bytes.length; at += 1) {
    const byte = bytes[at];
    if (byte === BACKSLASH) at += 1;
    else if (byte === QUOTE) return at + 1;
  }
  throw new SyntaxError(`the string at byte ${start} does not end`);
}

/** The position after the value that begins at `start`. */
function valueEnd(bytes: Uint8Array, start: number): number {
  const first = bytes[start];
  if (first === QUOTE) return stringEnd(bytes, start);
  if (first === undefined) throw new SyntaxError(`a value is missing at byte ${start}`);
  if (!OPEN.has(first)) {
    let at = start;
    // A number or a name ends where something else begins.
    while (at < bytes.length && /[-+.\w]/.test(String.fromCharCode(bytes[at] ?? 0))) at += 1;
    if (at === start) throw new SyntaxError(`no value at byte ${start}`);
    return at;
  }
  let depth = 0;
  for (let at = start; at < bytes.length; ) {
    const byte = bytes[at];
    if (byte === QUOTE) {
      at = stringEnd(bytes, at);
      continue;
    }
    at += 1;
    // `[` and `{`, `]` and `}` differ in one bit each.
    const kind = (byte ?? 0) & 0xdf;
    if (kind === 0x5b) depth += 1;
    else if (kind === 0x5d && (depth -= 1) === 0) return at;
  }
  throw new SyntaxError(`the value at byte ${start} does not end`);
}

/** Values one after the other, with or without white space between them. */
export function* concatenated(bytes: Uint8Array): Generator<Span> {
  for (let start = skipSpace(bytes, 0); start < bytes.length; ) {
    const end = valueEnd(bytes, start);
    yield { start, end };
    start = skipSpace(bytes, end);
  }
}

/** The elements of the array that begins at `start`. */
export function elements(bytes: Uint8Array, start: number): Span[] {
  const spans: Span[] = [];
  let at = skipSpace(bytes, start + 1);
  while (bytes[at] !== 0x5d) {
    const end = valueEnd(bytes, at);
    spans.push({ start: at, end });
    at = skipSpace(bytes, end);
    if (bytes[at] === COMMA) at = skipSpace(bytes, at + 1);
  }
  return spans;
}

/** The value of member `name` of the object that begins at `start`; of its last occurrence, as in `JSON.parse`. */
export function member(bytes: Buffer, start: number, name: string): Span | undefined {
  let found: Span | undefined;
  let at = skipSpace(bytes, start + 1);
  while (bytes[at] === QUOTE) {
    const keyEnd = stringEnd(bytes, at);
    const key: unknown = JSON.parse(bytes.toString("utf8", at, keyEnd));
    at = skipSpace(bytes, keyEnd);
    if (bytes[at] !== COLON) throw new SyntaxError(`a colon is missing at byte ${at}`);
    at = skipSpace(bytes, at + 1);
    const end = valueEnd(bytes, at);
    if (key === name) found = { start: at, end };
    at = skipSpace(bytes, end);
    if (bytes[at] === COMMA) at = skipSpace(bytes, at + 1);
  }
  return found;
}
