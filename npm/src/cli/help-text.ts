/** Texts of help, fitted to the width of a terminal. */

/** Lines of a paragraph are at least so long, all but its last: shorter ones are lists or code. */
const LEAST_FILLED = 60;

/**
 * Breaks paragraphs anew, and examples where a shell goes on reading: their commands behind a backslash, what is said of them on
 * a line below. Other indented lines stay as they are.
 *
 * @example
 * ```ts
 * fitted("Examples:\n  edgesiem decode page.json   decode a page", 30); // 'Examples:\n  edgesiem decode page.json\n      decode a page'
 * ```
 */
export function fitted(text: string, width: number): string {
  const out: string[] = [];
  let paragraph: string[] = [];
  let areExamples = false;
  const endParagraph = (): void => {
    if (paragraph.length > 0) out.push(...wrapped(paragraph.join(" ").split(" "), width, ""));
    paragraph = [];
  };
  for (const line of text.split("\n")) {
    const isProse = /^[^\s#[]/.test(line);
    if (!isProse || (paragraph.at(-1)?.length ?? LEAST_FILLED) < LEAST_FILLED) endParagraph();
    if (isProse) {
      areExamples = /^Examples?:$/.test(line);
      paragraph.push(line);
    } else out.push(...(areExamples && line !== "" ? example(line, width) : [line]));
  }
  endParagraph();
  return out.join("\n");
}

function example(line: string, width: number): string[] {
  if (line.length <= width) return [line];
  const [, command = "", remark] = /^ *(.*?)(?: {2,}(\S.*))?$/.exec(line) ?? [];
  // A quoted word stays whole: within quotes a backslash is a character.
  const words = command.match(/(?:'[^']*'|"[^"]*"|[^\s'"])+/g) ?? [];
  const lines = wrapped(joined(words), width - 2, "  ", "    ");
  return [...lines.map((part, index) => (index < lines.length - 1 ? `${part} \\` : part)), ...(remark === undefined ? [] : wrapped(remark.split(" "), width, "      "))];
}

/** Words that are read together: an option and its value, and what stands behind `|` or `>`. */
function joined(words: readonly string[]): string[] {
  const parts: string[] = [];
  for (const word of words) {
    const last = parts.at(-1) ?? "";
    const isJoined = /^[|>]/.test(last) || (/^-\S+$/.test(last) && !/^[-|>]/.test(word));
    if (isJoined && !/^[|>]/.test(word)) parts[parts.length - 1] = `${last} ${word}`;
    else parts.push(word);
  }
  return parts;
}

function wrapped(words: readonly string[], width: number, indent: string, indentOfRest = indent): string[] {
  const lines: string[] = [];
  let line = indent;
  let isEmpty = true;
  for (const word of words) {
    if (!isEmpty && line.length + 1 + word.length > width) {
      lines.push(line);
      line = indentOfRest;
      isEmpty = true;
    }
    line += isEmpty ? word : ` ${word}`;
    isEmpty = false;
  }
  lines.push(line);
  return lines;
}
