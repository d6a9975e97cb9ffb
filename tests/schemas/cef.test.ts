/** Documents of the schema `cef`, parsed back by pycef and by a strict parser of our own. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parse, unescape, type Cef } from "./cef.ts";
import { meantCef } from "./cef-mapping.ts";
import { SEEDED_EVENTS, corpus } from "./corpus.ts";
import { convert, python, textOf } from "./documents.ts";
import { gap, golden } from "./gap.ts";
import { Findings } from "./meaning.ts";

const EVENTS = corpus();
const LINES = EVENTS.map(({ line }) => line);
const DOCUMENTS = convert("cef", LINES);

function problems(document: string, meant?: Cef): string[] {
  try {
    const found = parse(document);
    if (meant !== undefined) assert.deepEqual(found, meant);
    return [];
  } catch (error) {
    return [(error as Error).message.slice(0, 800)];
  }
}

/** What pycef makes of a line: it leaves escapes alone, and names `cs1` by its label. */
function byPycef({ header, extension }: Cef): Record<string, string> {
  const [, vendor = "", product = "", version = "", id = "", name = "", severity = ""] = header;
  const found = new Map(extension);
  for (const [key, value] of extension) {
    const labelled = key.endsWith("Label") ? key.slice(0, -"Label".length) : "";
    const custom = found.get(labelled);
    if (custom === undefined) continue;
    found.delete(labelled);
    found.delete(key);
    found.set(value, custom);
  }
  return {
    ...Object.fromEntries(found),
    CEFVersion: "0", DeviceVendor: vendor, DeviceProduct: product, DeviceVersion: version,
    DeviceEventClassID: id, Name: name, DeviceName: name, Severity: severity, DeviceSeverity: severity,
  };
}

const FROM_THE_HEADER = ["CEFVersion", "DeviceVendor", "DeviceProduct", "DeviceVersion", "DeviceEventClassID", "Name", "DeviceName", "Severity", "DeviceSeverity"];

function pycefProblems(answer: string, meant: Cef): string[] {
  try {
    const found = JSON.parse(answer) as Record<string, string> | null;
    const unescaped = Object.entries(found ?? {}).map(([key, value]) => [key, FROM_THE_HEADER.includes(key) ? value : unescape(key, value)]);
    assert.deepEqual(Object.fromEntries(unescaped), byPycef(meant));
    return [];
  } catch (error) {
    return [(error as Error).message.slice(0, 800)];
  }
}

describe("cef", () => {
  test("a strict parser finds what each event means", (t) => {
    const findings = new Findings();
    EVENTS.forEach((event, k) => findings.document(event.name, problems(textOf(DOCUMENTS[k] ?? Buffer.of()), meantCef(event))));
    findings.none("strict parser", t);
    assert.equal(DOCUMENTS.length, EVENTS.length);
  });

  test("pycef finds what each event means", (t) => {
    const findings = new Findings();
    const answers = python("cef_parse.py", DOCUMENTS);
    EVENTS.forEach((event, k) => findings.document(event.name, pycefProblems(textOf(answers[k] ?? Buffer.of()), meantCef(event))));
    findings.none("pycef", t);
  });

  test("documents of single rules are well-formed, one for each rule", (t) => {
    const findings = new Findings();
    const documents = convert("cef", LINES.slice(0, SEEDED_EVENTS), { expand_rules: true });
    const meant = EVENTS.slice(0, SEEDED_EVENTS).flatMap(({ rules }) => (rules?.length ? rules.map(({ rule }) => rule ?? "") : [""]));
    assert.equal(documents.length, meant.length);
    documents.forEach((document, k) => {
      const text = textOf(document);
      const found = problems(text);
      const rule = found.length === 0 ? new Map(parse(text).extension).get("cs1") ?? "" : "";
      findings.document(`document ${k}`, rule === meant[k] ? found : [...found, `rule ${rule}, not ${meant[k]}`]);
    });
    findings.none("strict parser, expand_rules", t);
  });

  test("the golden documents are well-formed, and those of gaps", (t) => {
    const findings = new Findings();
    for (const { name, document } of golden("cef")) findings.document(name, problems(document));
    findings.document("a gap", problems(gap("cef").document));
    findings.none("strict parser, golden documents", t);
  });

  test("a broken line is refused", () => {
    const header = "CEF:0|A|p|1|c|n|5|";
    for (const [line, problem] of [
      [`${header}`, undefined],
      [`${header}act=a b cs1=c\\=d\\\\e\\nf |g`, undefined],
      ["CEF:0|A\\|b\\\\|p|1|c|n|Very-High|act=x", undefined],
      ["CEF:0|A|p|1|c|5|act=x", "a header of 6 fields"],
      ["CEF:1|A|p|1|c|n|5|act=x", "version CEF:1"],
      ["CEF:0|A||1|c|n|5|act=x", "header field 3 is empty"],
      ["CEF:0|A|p|1|c|n|11|act=x", "severity 11"],
      ["CEF:0|A\\n|p|1|c|n|5|", "an escape in the header that is none, at 8"],
      [`${header}act=a=b`, "an equals sign without a key at 5"],
      [`${header}act=a\\|b`, "an escape in act that is none: \\|"],
      [`${header}act=a\\`, "an escape in act that is none: \\"],
      [`${header}act=`, "act has no value"],
      [`${header}act= app=x`, "act has no value"],
      [`${header}act=x act=y`, "act comes twice"],
      [`${header}loose act=x`, "text before the first key"],
      [`${header}act=a b.c=d`, "an equals sign without a key at 9"],
      [`${header}act=a\u2028b`, "a control character at 23"],
      [`${header}act=a\u001bb`, "a control character at 23"],
      [`${header}act=a\nb`, "a control character at 23"],
    ] as const) {
      if (problem === undefined) assert.deepEqual(problems(line), [], line);
      else assert.deepEqual(problems(line), [problem], line);
    }
    const event = EVENTS[0]!;
    const good = textOf(DOCUMENTS[0] ?? Buffer.of());
    assert.deepEqual(problems(good, meantCef(event)), []);
    assert.equal(problems(good.replace("act=", "act=x"), meantCef(event)).length, 1);
    assert.equal(problems(good.replace(" cs1Label=Rules", ""), meantCef(event)).length, 1);
    const answers = python("cef_parse.py", [good, good.replace("src=", "src=x"), good.replace("CEF:0|", "CEF:0||"), "text"].map((line) => Buffer.from(line)));
    assert.deepEqual(answers.map((answer) => pycefProblems(textOf(answer), meantCef(event)).length), [0, 1, 1, 1]);
  });
});
