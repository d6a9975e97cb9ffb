/** Texts as small numbers. Attackers choose the texts, so both their lengths and their number are bounded. */

/** Longer texts are cut for the table and the charts; the event itself keeps them whole. */
export const MOST_TEXT_UNITS = 256;
/** Past so many texts, or so many UTF-16 units of them, further ones are counted together. */
export const MOST_TEXTS = 2 ** 20;
const MOST_UNITS = 64 * 2 ** 20;

/** Code and text of what has no room. */
export const OTHER = 0;
export const OTHER_TEXT = "(other)";

/**
 * Numbers texts from 1 on.
 *
 * @example
 * ```ts
 * const hosts = new Dictionary();
 * hosts.codeOf("www.example.com"); // 1
 * hosts.textOf(1); // "www.example.com"
 * ```
 */
export class Dictionary {
  readonly #codes = new Map<string, number>();
  readonly #texts: string[] = [OTHER_TEXT];
  readonly #mostTexts: number;
  readonly #mostTextUnits: number;
  #units = 0;

  /** @param mostTextUnits Longer texts are cut to so many UTF-16 units. */
  constructor(mostTexts = MOST_TEXTS, mostTextUnits = MOST_TEXT_UNITS) {
    this.#mostTexts = mostTexts;
    this.#mostTextUnits = mostTextUnits;
  }

  /** Codes are below this. */
  get size(): number {
    return this.#texts.length;
  }

  codeOf(given: string): number {
    const cut = given.length > this.#mostTextUnits ? `${given.slice(0, this.#mostTextUnits - 1)}…` : given;
    const known = this.#codes.get(cut);
    if (known !== undefined) return known;
    if (this.#texts.length > this.#mostTexts || this.#units + cut.length > MOST_UNITS) return OTHER;
    const text = copied(cut);
    const code = this.#texts.length;
    this.#codes.set(text, code);
    this.#texts.push(text);
    this.#units += text.length;
    return code;
  }

  textOf(code: number): string {
    return this.#texts[code] ?? OTHER_TEXT;
  }
}

/** A slice of a string may keep the whole string alive; what comes back from JSON does not. */
export function copied(text: string): string {
  return JSON.parse(JSON.stringify(text)) as string;
}
