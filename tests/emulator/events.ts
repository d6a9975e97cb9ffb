/**
 * The stream of events: event `i` is a function of the options and `i`, nothing else.
 *
 * Two ways lead to the same bytes. `event(i)` renders the plain event. `copy(i, …)` takes a template that was
 * rendered once and writes the request id and the time into it, which serves a gigabyte in a second or two.
 */

import { plainEvent, type EventValues, type PlainEvent, type TemplateOptions } from "./plain.ts";
import { Random, mix } from "./random.ts";
import { expectedOf, renderLine, type Expected } from "./render.ts";

export interface EventOptions {
  seed: number;
  /** Time of event 0, milliseconds since 1970. */
  firstEventAtMs: number;
  /** Time from one event to the next, milliseconds. */
  intervalMs: number;
  /** Values of `attackData.configId`. */
  configIds: readonly string[];
  /** How many different templates events are made from. */
  templates?: number;
}

export type LongMember = "query" | "requestHeaders";

const NUMBER_DIGITS = 8;
/** Values that stand in a template where those of an event go. */
const NO_NUMBER = "f".repeat(NUMBER_DIGITS);
const NO_SECONDS = "1357986420";
const NO_MILLIS = "975";

const USUAL_BYTES = 1850;
const MOST_BYTES = 2600;

interface Template {
  options: TemplateOptions;
  line: Buffer;
  /** Where the digits of the event's number go. */
  numbers: number[];
  /** Where the seconds of `httpMessage.start` go. */
  start: number;
  hasMillis: boolean;
  /** Taken from the time of the event: late events are stored after younger ones. */
  lateMs: number;
  decoded: { text: string; id: string; start: string };
}

function positions(line: Buffer, needle: string): number[] {
  const found: number[] = [];
  for (let at = line.indexOf(needle); at !== -1; at = line.indexOf(needle, at + needle.length)) found.push(at);
  return found;
}

function writeHex(target: Uint8Array, at: number, value: number): void {
  for (let k = NUMBER_DIGITS - 1, rest = value; k >= 0; k -= 1, rest >>>= 4) {
    const digit = rest & 15;
    target[at + k] = digit + (digit < 10 ? 0x30 : 0x57);
  }
}

function writeDecimal(target: Uint8Array, at: number, digits: number, value: number): void {
  for (let k = digits - 1, rest = value; k >= 0; k -= 1, rest = Math.floor(rest / 10)) target[at + k] = 0x30 + (rest % 10);
}

export class EventStream {
  readonly options: Readonly<EventOptions>;
  /** Request ids of this stream begin with this. */
  readonly prefix: string;
  /** Made when first needed: a test that reads ten events should not wait for the rest. */
  readonly #templates = new Map<number, Template>();
  readonly #long = new Map<number, { bytes: number; member: LongMember }>();
  readonly #longLines = new Map<number, Buffer>();

  constructor(options: EventOptions) {
    this.options = options;
    this.prefix = new Random(mix(options.seed, 0x5eed)).hex(15);
  }

  /** Event `i` as a line without its line break, rendered from scratch. */
  event(i: number): Buffer {
    const plain = this.#plain(i);
    const line = Buffer.from(renderLine(plain), "utf8");
    const long = this.#long.get(i);
    if (long === undefined) return line;
    return Buffer.from(renderLine(lengthened(plain, long.member, long.bytes - line.length)), "utf8");
  }

  /** Bytes of event `i` without its line break. */
  size(i: number): number {
    return this.#long.get(i)?.bytes ?? this.#of(i).line.length;
  }

  /** Writes event `i` to `target` at `at`, without a line break, and returns the position after it. */
  copy(i: number, target: Buffer, at: number): number {
    if (this.#long.size !== 0 && this.#long.has(i)) {
      let line = this.#longLines.get(i);
      if (line === undefined) this.#longLines.set(i, (line = this.event(i)));
      return at + line.copy(target, at);
    }
    const template = this.#of(i);
    target.set(template.line, at);
    for (const number of template.numbers) writeHex(target, at + number, i);
    const start = this.startMs(i);
    writeDecimal(target, at + template.start, 10, Math.floor(start / 1000));
    if (template.hasMillis) writeDecimal(target, at + template.start + 11, 3, start % 1000);
    return at + template.line.length;
  }

  /** Event `i` as a line without its line break, copied from its template. */
  line(i: number): Buffer {
    const line = Buffer.allocUnsafe(this.size(i));
    this.copy(i, line, 0);
    return line;
  }

  /** What a receiver of the `decoded` schema must get for event `i`. */
  expected(i: number): Expected {
    const plain = this.#plain(i);
    const long = this.#long.get(i);
    if (long === undefined) return expectedOf(plain);
    return expectedOf(lengthened(plain, long.member, long.bytes - Buffer.byteLength(renderLine(plain))));
  }

  /** `JSON.stringify(this.expected(i).document)`, cheaper. */
  expectedText(i: number): string {
    if (this.#long.has(i)) return JSON.stringify(this.expected(i).document);
    const { decoded, hasMillis } = this.#of(i);
    return decoded.text.replaceAll(decoded.id, this.requestId(i)).replace(decoded.start, this.#startText(i, hasMillis));
  }

  /** Time of event `i` in milliseconds; `httpMessage.start` has it, some with whole seconds only. */
  startMs(i: number): number {
    return Math.floor(this.options.firstEventAtMs + i * this.options.intervalMs) - this.#of(i).lateMs;
  }

  /** `httpMessage.start` of event `i`, in seconds. */
  startSeconds(i: number): number {
    return Number(this.#startText(i, this.#of(i).hasMillis));
  }

  requestId(i: number): string {
    return this.prefix + i.toString(16).padStart(NUMBER_DIGITS, "0");
  }

  /** The number of the event that has this request id, if it is one of this stream. */
  numberOf(requestId: string): number | undefined {
    if (requestId.length !== this.prefix.length + NUMBER_DIGITS || !requestId.startsWith(this.prefix)) return undefined;
    const digits = requestId.slice(this.prefix.length);
    return /^[0-9a-f]+$/.test(digits) ? Number.parseInt(digits, 16) : undefined;
  }

  /** The number of the first event of this stream whose request id occurs in `text`, whatever its format. */
  numberIn(text: string): number | undefined {
    const at = text.indexOf(this.prefix);
    return at === -1 ? undefined : this.numberOf(text.slice(at, at + this.prefix.length + NUMBER_DIGITS));
  }

  /** From now on event `i` is exactly `bytes` long, by a long query or a long header. */
  lengthen(i: number, bytes: number, member: LongMember): void {
    this.#long.delete(i);
    this.#longLines.delete(i);
    const least = this.event(i).length + 32;
    if (bytes < least) throw new RangeError(`event ${i} cannot be shorter than ${least} bytes`);
    this.#long.set(i, { bytes, member });
  }

  #of(i: number): Template {
    const k = mix(this.options.seed, i) % (this.options.templates ?? 512);
    let template = this.#templates.get(k);
    if (template === undefined) this.#templates.set(k, (template = this.#template(k)));
    return template;
  }

  #plain(i: number): PlainEvent {
    const start = (fraction: boolean): string => this.#startText(i, fraction);
    return plainEvent(this.#of(i).options, { requestId: this.requestId(i), start });
  }

  #startText(i: number, hasMillis: boolean): string {
    const start = this.startMs(i);
    const seconds = String(Math.floor(start / 1000)).padStart(10, "0");
    return hasMillis ? `${seconds}.${String(start % 1000).padStart(3, "0")}` : seconds;
  }

  #template(k: number): Template {
    const values: EventValues = {
      requestId: this.prefix + NO_NUMBER,
      start: (fraction) => (fraction ? `${NO_SECONDS}.${NO_MILLIS}` : NO_SECONDS),
    };
    const random = new Random(mix(this.options.seed ^ 0x7e3a, k));
    const usual = USUAL_BYTES + random.below(80);
    let options: TemplateOptions = { seed: this.options.seed, template: k, fewerRules: 0, padding: 0, configIds: this.options.configIds };
    let length = Infinity;
    for (let fewerRules = 0; length > MOST_BYTES && fewerRules < 6; fewerRules += 1) {
      options = { ...options, fewerRules };
      length = Buffer.byteLength(renderLine(plainEvent(options, values)));
    }
    options = { ...options, padding: Math.max(16, usual - length) };
    const plain = plainEvent(options, values);
    const line = Buffer.from(renderLine(plain), "utf8");
    const starts = positions(line, NO_SECONDS);
    const numbers = positions(line, values.requestId).map((at) => at + this.prefix.length);
    const [start] = starts;
    if (start === undefined || starts.length !== 1 || numbers.length !== 2) {
      throw new Error(`template ${k} of seed ${this.options.seed} contains its own place-holders`);
    }
    return {
      options,
      line,
      numbers,
      start,
      hasMillis: line.toString("latin1", start + 10, start + 11) === ".",
      lateMs: random.chance(10) ? random.below(3000) : 0,
      decoded: { text: JSON.stringify(expectedOf(plain).document), id: values.requestId, start: plain.http["start"] ?? "" },
    };
  }
}

/** The same event, `bytes` longer as a line. */
function lengthened(plain: PlainEvent, member: LongMember, bytes: number): PlainEvent {
  if (member === "query") {
    const query = plain.http["query"];
    const added = query === undefined ? (plain.json === "spaced" ? ', "query": ""' : ',"query":""') : "&";
    return { ...plain, http: { ...plain.http, query: `${query === undefined ? "" : `${query}&`}${"a".repeat(bytes - added.length)}` } };
  }
  const line = { name: "X-Long", value: Buffer.alloc(0), folded: [], space: false };
  const longer = (value: Buffer): PlainEvent => ({ ...plain, requestHeaders: [...plain.requestHeaders, { ...line, value }] });
  const added = Buffer.byteLength(renderLine(longer(line.value))) - Buffer.byteLength(renderLine(plain));
  return longer(Buffer.alloc(bytes - added, "a"));
}
