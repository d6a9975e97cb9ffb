/** What functions take, and what they refuse. */

import type { Filter, SchemaOption } from "../../../npm/src/index.ts";
import type { Check } from "../context.ts";
import { equal, ok, thrownBy } from "../expect.ts";
import { eventWithRules } from "../pages.ts";

const EVENT = eventWithRules(2);
const CREDENTIALS = { host: "akab-x.luna.akamaiapis.net", clientToken: "akab-c", clientSecret: "hunter2", accessToken: "akab-a" };
const ATTEMPT = { timestamp: "20260101T00:00:00+0000", nonce: "a-nonce" };

/** Every member of the types, so that none is declared that the core does not know. */
const SCHEMAS: SchemaOption[] = [
  { name: "decoded" },
  { name: "raw" },
  { name: "elastic-integration", preserve_original_event: true },
  { name: "cef", expand_rules: true },
  { name: "sentinel", expand_rules: true },
  { name: "otel", expand_rules: true },
  { name: "ecs", expand_rules: true, event_original: true },
  { name: "ocsf", expand_rules: true, detection_finding: true, raw_data: true },
  { name: "ocsf", expand_rules: undefined },
];

const FILTER: Filter = {
  include: [
    { member: "type", equals: "akamai_siem" },
    { member: "type", in: ["a", 1, true] },
    { all: [{ member: "type", prefix: "a" }, { member: "type", glob: "a*" }, { member: "nothing", exists: false }] },
  ],
  exclude: [{ member: "httpMessage.host", equals: "other.example.com" }],
  drop: ["httpMessage.host"],
  truncate: [{ member: "httpMessage.start", max_bytes: 4 }],
};

export const arguments_: readonly Check[] = [
  {
    name: "a schema's options and a filter do what they say",
    async run({ edgesiem }) {
      for (const schema of SCHEMAS) {
        const expands = typeof schema === "object" && "expand_rules" in schema && schema.expand_rules === true;
        equal((await edgesiem.convert(EVENT, schema)).length, expands ? 2 : 1, JSON.stringify(schema));
      }
      const [filtered = ""] = await edgesiem.convert(EVENT, "raw", FILTER);
      equal(JSON.parse(filtered).httpMessage, { start: "1491" });
      equal(await edgesiem.convert(EVENT, "ecs", { exclude: [{ member: "attackData.rules", equals: "950001" }] }), []);
    },
  },
  {
    name: "options that cannot be used are all named, with their keys, as a ConfigError",
    async run({ edgesiem }) {
      const rows: [schema: unknown, filter: unknown, keys: string[]][] = [
        [{ name: "ocsf", expand_rules: 1 }, undefined, ["schema.expand_rules"]],
        [{ name: "ecs", color: true }, undefined, ["schema.color"]],
        [{ name: "raw", expand_rules: true }, undefined, ["schema.expand_rules"]],
        [{ name: "nothing" }, undefined, ["schema"]],
        [{}, undefined, ["schema.name"]],
        [1, undefined, ["schema"]],
        ["raw", { include: [{ member: "a" }], truncate: [{ member: "a", max_bytes: 0 }] }, ["filter.include[0]", "filter.truncate[0].max_bytes"]],
        ["raw", { colour: 1 }, ["filter.colour"]],
        ["raw", { drop: 1 }, ["filter.drop"]],
      ];
      for (const [schema, filter, keys] of rows) {
        const row = JSON.stringify([schema, filter]);
        const error = await thrownBy(() => edgesiem.convert(EVENT, schema as SchemaOption, filter as Filter));
        ok(error instanceof edgesiem.ConfigError, `${row}: ${String(error)}`);
        equal([error.name, error.code, error.retryable], ["ConfigError", "config", false]);
        equal(error.problems.map(({ key }) => key), keys, row);
        for (const { message, userAction } of error.problems) ok(message !== "" && userAction !== "", row);
      }
      for (const depth of [200, 5000]) {
        const nested = JSON.parse(`${'{"all":['.repeat(depth)}${"]}".repeat(depth)}`) as never;
        const error = await thrownBy(() => edgesiem.convert(EVENT, "raw", { include: [nested] }));
        ok(error instanceof edgesiem.ConfigError || error instanceof edgesiem.InvalidArgumentError, `nested ${depth} times: ${String(error)}`);
      }
      const cyclic: Record<string, unknown> = { name: "ecs" };
      cyclic["itself"] = cyclic;
      ok((await thrownBy(() => edgesiem.convert(EVENT, cyclic as never))) instanceof edgesiem.InvalidArgumentError, "a cycle is refused");
    },
  },
  {
    name: "wrong arguments are refused as InvalidArgumentError, and the core goes on",
    async run({ edgesiem }) {
      const core = await edgesiem.load();
      const wrong = (value: unknown): never => value as never;
      const calls: [string, () => unknown][] = [
        ["a schema's name", () => edgesiem.convert(EVENT, wrong("json"))],
        ["a line", () => edgesiem.decodeEvent(wrong(undefined))],
        ["a line", () => edgesiem.convert(wrong({}))],
        ["facets", () => edgesiem.decodeRules(wrong("rules"))],
        ["headers", () => edgesiem.decodeHeaders(wrong(undefined))],
        ["text", () => edgesiem.parseEdgerc(wrong(undefined))],
        ["a section", () => edgesiem.parseEdgerc("", wrong(1))],
        ["a request", () => edgesiem.sign(wrong(undefined), CREDENTIALS)],
        ["a URL", () => edgesiem.sign("not a URL", CREDENTIALS)],
        ["a URL", () => edgesiem.sign(wrong({ url: 1 }), CREDENTIALS)],
        ["credentials", () => edgesiem.sign("/", wrong({ ...CREDENTIALS, host: { hunter2: "hunter2" } }))],
        ["credentials", () => edgesiem.sign("/", wrong("hunter2"))],
        ["a body", () => edgesiem.sign({ method: "POST", url: "/", body: wrong(1) }, CREDENTIALS)],
        ["a timestamp", () => edgesiem.sign("/", CREDENTIALS, { timestamp: "now" })],
        ["a timestamp", () => edgesiem.sign("/", CREDENTIALS, { timestamp: -1 })],
        ["a nonce", () => edgesiem.sign("/", CREDENTIALS, { nonce: "a;b" })],
        ["a length", () => core.pageDecoder({ maxEventBytes: 0 })],
        ["a length", () => core.pageDecoder({ maxEventBytes: Number.NaN })],
        ["a chunk", () => core.pageDecoder().push(wrong("text"))],
        ["as", () => new edgesiem.DecodeStream({ as: wrong("text") })],
        ["as", () => new edgesiem.DecodeStream({ as: "objects", schema: "cef" })],
        ["onRejected", () => new edgesiem.DecodeStream({ onRejected: wrong(5) })],
        ["a text", () => edgesiem.eventsOf(wrong(undefined))],
        ["a text", () => edgesiem.eventsOf(wrong({}))],
      ];
      for (const [what, call] of calls) {
        const error = await thrownBy(call);
        ok(error instanceof edgesiem.InvalidArgumentError, `${what}: ${String(error)}`);
        ok(error instanceof edgesiem.EdgeSiemError && error instanceof Error, what);
        equal([error.name, error.retryable], ["InvalidArgumentError", false], what);
        ok(error.userAction !== "" && !`${error.stack} ${error.userAction}`.includes("hunter2"), `${what}: ${String(error)}`);
      }
      equal((await edgesiem.decodeEvent("{}")), {});
      // As no options, like elsewhere on the web.
      equal((await edgesiem.decodeEvent("{}", wrong(null))), {});
      core.pageDecoder(wrong(null)).free();
      ok(new edgesiem.DecodeStream(wrong(null)).counts.events === 0 && new edgesiem.MultiJsonStream(wrong(null)).counts.events === 0, "null");
    },
  },
  {
    name: "a line that is no event is a MalformedEventError, and what it holds reaches no terminal",
    async run({ edgesiem }) {
      for (const line of ["", "[]", '{"offset":"a"}', "\u001b[31m{}", '{"a":\u0000}']) {
        const error = await thrownBy(() => edgesiem.decodeEvent(line));
        ok(error instanceof edgesiem.MalformedEventError, String(error));
        equal([error.code, error.retryable], ["malformed_event", false]);
        ok(/^[ -~]+$/.test(error.message), "the message is printable");
      }
      const error = await thrownBy(() => edgesiem.decodeHeaders("a:b%0a".repeat(10_001)));
      ok(error instanceof edgesiem.MalformedEventError && error.code === "too_many_items", String(error));
    },
  },
  {
    name: "credentials come from variables, or are missing with their names",
    async run({ edgesiem }) {
      equal(await edgesiem.credentialsFromEnv({}), undefined);
      const error = await thrownBy(() => edgesiem.credentialsFromEnv({ AKAMAI_HOST: "h", AKAMAI_CLIENT_SECRET: "hunter2" }));
      ok(error instanceof edgesiem.CredentialsError && error.message.includes("AKAMAI_CLIENT_TOKEN"), String(error));
      ok(!error.message.includes("hunter2"), "the secret is not shown");
    },
  },
  {
    name: "what is signed is what fetch sends",
    async run({ edgesiem }) {
      const origin = `https://${CREDENTIALS.host}`;
      const rows: [written: string, sent: string][] = [
        ["/a b?q=é|x#fragment", "/a%20b?q=%C3%A9|x"],
        ["/a/../b/./c", "/b/c"],
        ["/siem/v1/configs/1;2?offset=NULL&limit=1", "/siem/v1/configs/1;2?offset=NULL&limit=1"],
        ["//other.example/x", "//other.example/x"],
      ];
      for (const [written, sent] of rows) {
        const core = await edgesiem.load();
        const { signature } = core.explainSignature({ url: sent }, CREDENTIALS, ATTEMPT);
        const given = [written, `${origin}${written}`, new URL(`${origin}${written}`), { url: written }, new Request(`${origin}${written}`)];
        for (const request of given) {
          equal((await edgesiem.explainSignature(request, CREDENTIALS, ATTEMPT)).signature, signature, `${written} as ${typeof request}`);
        }
      }
    },
  },
  {
    name: "a Request is signed with its method, its headers and its body, and can still be sent",
    async run({ edgesiem }) {
      const credentials = { ...CREDENTIALS, headersToSign: ["X-Test"] };
      const url = `https://${CREDENTIALS.host}/papi/v1/x`;
      const request = new Request(url, { method: "POST", headers: { "X-Test": "a  b" }, body: '{"a":"é"}' });
      const signed = await edgesiem.sign(request, credentials, ATTEMPT);
      equal(signed, await edgesiem.sign({ method: "POST", url, headers: { "x-test": "a  b" }, body: '{"a":"é"}' }, credentials, ATTEMPT));
      equal([request.bodyUsed, await request.text()], [false, '{"a":"é"}']);
    },
  },
];
