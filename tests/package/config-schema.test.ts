/** The JSON Schema of the configuration, against configurations that are known to be good and known to be bad. */

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Ajv2020 } from "ajv/dist/2020.js";
import { parse } from "smol-toml";
import { configTypes } from "./config-types.ts";
import { ROOT } from "./project.ts";

type Table = Record<string, unknown>;

const schemaText = readFileSync(join(ROOT, "npm/config.schema.json"), "utf8");
const validate = new Ajv2020({ strict: true, allowUnionTypes: true, allErrors: true }).compile(JSON.parse(schemaText) as object);

/** The table EDGESIEM of a wrangler.toml. */
function configIn(path: string): Table {
  const { vars } = parse(readFileSync(join(ROOT, path), "utf8")) as { vars: { EDGESIEM: Table } };
  return vars.EDGESIEM;
}

const GOOD = configIn("wrangler.toml");

/** A configuration with another sink. */
function withSinks(sinks: Table): Table {
  return { ...GOOD, sinks };
}

/** A configuration whose stream has something else. */
function withStream(change: Table): Table {
  const { streams } = GOOD as { streams: Table[] };
  return { ...GOOD, streams: [{ ...streams[0], ...change }] };
}

function refusals(config: unknown): string {
  return validate(config) ? "" : JSON.stringify(validate.errors);
}

for (const path of ["wrangler.toml", "npm/template/wrangler.toml"]) {
  test(`the schema takes the configuration in ${path}`, () => {
    assert.equal(refusals(configIn(path)), "");
  });
}

test("the schema takes the example of every sink's page", () => {
  const pages = readdirSync(join(ROOT, "crates/sinks/docs")).filter((name) => name !== "README.md");
  assert.ok(pages.length > 15);
  for (const page of pages) {
    const text = readFileSync(join(ROOT, "crates/sinks/docs", page), "utf8");
    const example = /```toml\n(\[sinks[\s\S]*?)```/.exec(text)?.[1];
    assert.ok(example !== undefined, `${page} has no example`);
    const { sinks } = parse(example) as { sinks: Table };
    assert.equal(refusals(withSinks(sinks)), "", page);
  }
});

test("the schema takes every form that a schema, a filter and an id may have", () => {
  const filter = parse(`
    drop = ["httpMessage.responseHeaders"]
    include = [
      { member = "attackData.ruleActions", equals = "deny" },
      { all = [{ member = "httpMessage.host", glob = "*.example.com" }, { member = "httpMessage.status", in = ["403", 429] }] },
    ]
    truncate = [{ member = "httpMessage.query", max_bytes = 2000 }]`);
  for (const change of [{ schema: "ocsf" }, { schema: { name: "ocsf", expand_rules: true } }, { filter }, { limits: { max_in_flight: 2 } }]) {
    assert.equal(refusals(withStream(change)), "");
  }
});

const BAD: [string, unknown][] = [
  ["no stream", { ...GOOD, streams: [] }],
  ["a key that is not known", { ...GOOD, stream: [] }],
  ["a store that is not known", { ...GOOD, store: "redis" }],
  ["a schema that is not known", withStream({ schema: "leef" })],
  ["an option that the schema does not have", withStream({ schema: { name: "raw", expand_rules: true } })],
  ["a limit that is not known", withStream({ limits: { max_in_flights: 2 } })],
  ["a kind of sink that is not known", withSinks({ splunk: { kind: "splunk" } })],
  ["a sink without what it needs", withSinks({ splunk: { kind: "splunk-hec", url: "https://splunk.example:8088" } })],
  ["a secret's value in the place of its name", withSinks({ splunk: { kind: "splunk-hec", url: "https://splunk.example:8088", token: "a-token" } })],
  ["a key of another kind of sink", withSinks({ soc: { kind: "webhook", url: "https://soc.example", signing_secret: { secret: "S" }, index: "main" } })],
  ["a budget that no platform gives", { ...GOOD, budget: { wall_s: 900 } }],
];

for (const [name, config] of BAD) {
  test(`the schema refuses ${name}`, () => assert.notEqual(refusals(config), ""));
}

test("the types of the configuration are those of the schema", () => {
  assert.equal(readFileSync(join(ROOT, "npm/src/config-types.ts"), "utf8"), configTypes(schemaText));
});
