import assert from "node:assert/strict";
import { test } from "node:test";
import { concatenated, elements, member } from "./json-spans.ts";

function texts(source: string): string[] {
  const bytes = Buffer.from(source);
  return [...concatenated(bytes)].map(({ start, end }) => bytes.toString("utf8", start, end));
}

test("concatenated values are told apart whatever their strings contain", () => {
  for (const [source, expected] of [
    ["", []],
    [" \r\n\t", []],
    ["{}{}", ["{}", "{}"]],
    ['{"a":"}{"}{"b":"{{{"}', ['{"a":"}{"}', '{"b":"{{{"}']],
    ['{"a":"\\"}{"}[1,[2]]', ['{"a":"\\"}{"}', "[1,[2]]"]],
    ['{"a":"\\\\"}{"b":"]"}', ['{"a":"\\\\"}', '{"b":"]"}']],
    ['{"a":{"b":[{"c":"["}]}}\n\n{"d":1}', ['{"a":{"b":[{"c":"["}]}}', '{"d":1}']],
    ['{"a":"\u00e9}\u{1f525}"}{}', ['{"a":"\u00e9}\u{1f525}"}', "{}"]],
    ['1 -2.5e+3 true null"x"', ["1", "-2.5e+3", "true", "null", '"x"']],
  ] as const) {
    assert.deepEqual(texts(source), expected, source);
  }
});

test("a value that does not end is an error, and so is something that is no value", () => {
  for (const source of ['{"a":1', '{"a":"', '"\\"', "[[]", "{}}", ",{}", "{}x{"]) {
    assert.throws(() => texts(source).map((text) => JSON.parse(text) as unknown), SyntaxError, source);
  }
});

test("elements and members are found byte for byte", () => {
  const bytes = Buffer.from(' {"d\\u0061ta" : [ {"a" : 1.0}, "]" ,[ ] ], "x":"data", "e":[]}');
  const span = member(bytes, 1, "data");
  assert.deepEqual(elements(bytes, span?.start ?? 0).map(({ start, end }) => bytes.toString("utf8", start, end)), ['{"a" : 1.0}', '"]"', "[ ]"]);
  const empty = member(bytes, 1, "e");
  assert.deepEqual(elements(bytes, empty?.start ?? 0), []);
  assert.equal(member(bytes, 1, "f"), undefined);
  const twice = Buffer.from('{"a":1,"a":2}');
  assert.equal(member(twice, 0, "a")?.start, 11);
});
