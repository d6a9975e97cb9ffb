/**
 * The `decoded` schema in idiomatic JavaScript: `JSON.parse`, `decodeURIComponent`, `split`, `JSON.stringify`.
 * How bytes become text and back is left to a codec, because that is where runtimes differ.
 */

/** Text, and the bytes in standard base64 where the text cannot carry them. */
export interface Decoded {
  text: string;
  base64: string | undefined;
}

export interface Codec {
  join(first: Uint8Array, second: Uint8Array): Uint8Array;
  /** Text of the UTF-8 from byte `start` to before `end`. */
  decode(bytes: Uint8Array, start: number, end: number): string;
  encode(text: string): Uint8Array;
  /** Decodes standard or URL-safe base64 that is known to be valid. */
  fromBase64(text: string): Decoded;
  /** Decodes a string whose characters are bytes. */
  fromBinary(binary: string): Decoded;
}

type Json = string | number | boolean | null | Json[] | { [key: string]: Json };
type JsonObject = { [key: string]: Json };

const FACETS = {
  rules: "rule",
  ruleVersions: "ruleVersion",
  ruleMessages: "ruleMessage",
  ruleTags: "ruleTag",
  ruleData: "ruleData",
  ruleSelectors: "ruleSelector",
  ruleActions: "ruleAction",
} as const;
const FACET_ENTRIES = Object.entries(FACETS);

/** Standard or URL-safe, with or without padding. */
const BASE64 = /^(?:[\w+/-]{4})*(?:[\w+/-]{2}(?:==)?|[\w+/-]{3}=?)?$/;
const WHITE_SPACE = /[\t\n\f\r ]+/g;

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A string whose characters are the bytes of percent-encoded text; `+` and bad escapes stay. */
function percentDecodedBinary(text: string): string {
  const utf8 = unescape(encodeURIComponent(text));
  return utf8.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

/** `undefined` if the bytes are no UTF-8 or an escape is bad: the slow way must be taken. */
function percentDecoded(text: string): string | undefined {
  if (!text.includes("%")) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/** Takes chunks of a stream of lines, and gives back the documents of the lines that each completes. */
export function stream(codec: Codec): (chunk: Uint8Array) => Uint8Array {
  const decode = decoder(codec);
  let rest = new Uint8Array(0) as Uint8Array;
  return (chunk) => {
    const bytes = rest.length === 0 ? chunk : codec.join(rest, chunk);
    let out = "";
    let start = 0;
    for (let end = bytes.indexOf(0x0a); end !== -1; end = bytes.indexOf(0x0a, start)) {
      out += `${decode(codec.decode(bytes, start, end))}\n`;
      start = end + 1;
    }
    rest = bytes.subarray(start);
    return codec.encode(out);
  };
}

function decoder(codec: Codec): (line: string) => string {
  function base64Decoded(item: string): Decoded | undefined {
    if (BASE64.test(item)) return codec.fromBase64(item);
    const text = item.replace(WHITE_SPACE, "");
    return BASE64.test(text) ? codec.fromBase64(text) : undefined;
  }

  function set(target: JsonObject, key: string, value: Decoded): void {
    target[key] = value.text;
    if (value.base64 !== undefined) target[`${key}Base64`] = value.base64;
  }

  function rulesOf(attack: JsonObject): JsonObject[] {
    const rules: JsonObject[] = [];
    for (const [facet, key] of FACET_ENTRIES) {
      const value = attack[facet];
      if (typeof value !== "string" || value === "") continue;
      const text = percentDecoded(value) ?? codec.fromBinary(percentDecodedBinary(value)).text;
      for (const [index, item] of text.split(";").entries()) {
        const rule = (rules[index] ??= {});
        set(rule, key, base64Decoded(item) ?? { text: item, base64: undefined });
      }
    }
    while (rules.length > 0 && Object.values(rules.at(-1) ?? {}).every((value) => value === "")) rules.pop();
    return rules;
  }

  function withRules(attack: JsonObject): JsonObject {
    if (Array.isArray(attack["rules"])) return attack;
    const out: JsonObject = {};
    for (const [name, value] of Object.entries(attack)) {
      if (!(name in FACETS)) out[name] = value;
      else if (!("rules" in out)) out["rules"] = rulesOf(attack);
    }
    return out;
  }

  function headersOf(text: string): Json[] {
    const decoded = percentDecoded(text);
    const block = decoded ?? percentDecodedBinary(text);
    const plain = (part: string): Decoded => (decoded === undefined ? codec.fromBinary(part) : { text: part, base64: undefined });
    const lines: string[] = [];
    for (const line of block.split(/\r?\n/)) {
      if (line === "") continue;
      if ((line.startsWith(" ") || line.startsWith("\t")) && lines.length > 0) lines[lines.length - 1] += `\n${line}`;
      else lines.push(line);
    }
    return lines.map((line) => {
      const header: JsonObject = {};
      const colon = line.indexOf(":");
      if (colon === -1) {
        set(header, "raw", plain(line));
      } else {
        set(header, "name", plain(line.slice(0, colon)));
        set(header, "value", plain(line.slice(colon + 1).replace(/^[\t\n\f\r ]+/, "")));
      }
      return header;
    });
  }

  function customOf(value: Json): Json {
    if (typeof value !== "string") return value;
    const text = percentDecoded(value);
    const decoded = text === undefined ? undefined : base64Decoded(text);
    return decoded === undefined || decoded.base64 !== undefined ? value : decoded.text;
  }

  return (line) => {
    const event = JSON.parse(line) as JsonObject;
    const { attackData, httpMessage, custom } = event;
    if (isObject(attackData)) event["attackData"] = withRules(attackData);
    if (isObject(httpMessage)) {
      for (const name of ["requestHeaders", "responseHeaders"]) {
        const headers = httpMessage[name];
        if (typeof headers === "string") httpMessage[name] = headersOf(headers);
      }
    }
    if (isObject(custom)) {
      for (const [name, value] of Object.entries(custom)) custom[name] = customOf(value);
    }
    return JSON.stringify(event);
  };
}
