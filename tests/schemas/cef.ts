/**
 * A parser of CEF that accepts nothing but the format: ArcSight Common Event Format, "Header Information", "Using CEF Without
 * Syslog" and "Character Encoding".
 */

export interface Cef {
  /** `CEF:0`, vendor, product, version, class, name, severity. */
  header: string[];
  /** In their order. */
  extension: [key: string, value: string][];
}

const HEADER_FIELDS = 7;
/** Line breaks and what others take for one, and all other controls but the tab. */
const CONTROL = /(?!\t)[\p{Cc}\u2028\u2029]/u;
const SEVERITY = /^(?:[0-9]|10|Unknown|Low|Medium|High|Very-High)$/;

export function parse(line: string): Cef {
  const control = CONTROL.exec(line);
  if (control) throw new SyntaxError(`a control character at ${control.index}`);
  const header: string[] = [];
  let at = 0;
  while (header.length < HEADER_FIELDS) {
    let field = "";
    for (; line[at] !== "|"; at += 1) {
      if (at >= line.length) throw new SyntaxError(`a header of ${header.length} fields`);
      if (line[at] === "\\") {
        at += 1;
        if (line[at] !== "\\" && line[at] !== "|") throw new SyntaxError(`an escape in the header that is none, at ${at}`);
      }
      field += line[at];
    }
    if (field === "") throw new SyntaxError(`header field ${header.length + 1} is empty`);
    header.push(field);
    at += 1;
  }
  if (header[0] !== "CEF:0") throw new SyntaxError(`version ${header[0]}`);
  if (!SEVERITY.test(header[6] ?? "")) throw new SyntaxError(`severity ${header[6]}`);
  return { header, extension: pairs(line.slice(at)) };
}

/** A value ends with the space before the next key, or with the line. */
function pairs(text: string): Cef["extension"] {
  const found: Cef["extension"] = [];
  const equals = unescapedEquals(text);
  const keys = new Set<string>();
  const starts = equals.map((end) => {
    let start = end;
    while (start > 0 && /[A-Za-z0-9]/.test(text[start - 1] ?? "")) start -= 1;
    if (start === end || (start > 0 && text[start - 1] !== " ")) throw new SyntaxError(`an equals sign without a key at ${end}`);
    return start;
  });
  if (text !== "" && starts[0] !== 0) throw new SyntaxError("text before the first key");
  equals.forEach((end, k) => {
    const key = text.slice(starts[k], end);
    if (keys.has(key)) throw new SyntaxError(`${key} comes twice`);
    keys.add(key);
    const next = starts[k + 1];
    const value = text.slice(end + 1, next === undefined ? undefined : next - 1);
    if (value === "") throw new SyntaxError(`${key} has no value`);
    found.push([key, unescape(key, value)]);
  });
  return found;
}

function unescapedEquals(text: string): number[] {
  const found: number[] = [];
  for (let at = 0; at < text.length; at += 1) {
    if (text[at] === "\\") at += 1;
    else if (text[at] === "=") found.push(at);
  }
  return found;
}

/** The text that an extension's value stands for. */
export function unescape(key: string, value: string): string {
  return value.replace(/\\([^]?)/g, (_, escaped: string) => {
    const meant = { "\\": "\\", "=": "=", n: "\n", r: "\r" }[escaped];
    if (meant === undefined) throw new SyntaxError(`an escape in ${key} that is none: \\${escaped}`);
    return meant;
  });
}
