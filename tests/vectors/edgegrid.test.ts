/** Signing and `.edgerc` reading, as JavaScript sees them, over the vectors that the Rust tests read. */

import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { describe, test } from "node:test";

import { credentialsFromEnv, explainSignature, json, parseEdgerc, sign, text } from "./core.ts";
import type { Credentials, EdgeSiemError, SigningRequest } from "./core.ts";

interface PythonData {
  base_url: string;
  access_token: string;
  client_token: string;
  client_secret: string;
  max_body: number;
  headers_to_sign: string[];
  nonce: string;
  timestamp: string;
  sign_key_test: string;
  content_hash_test: string;
}

interface PythonCase {
  testName: string;
  request: { method: string; path: string; data?: string; headers?: Record<string, string>[] };
  expectedAuthorization: string;
  expectedDataToSign?: string;
}

describe("signatures of Akamai's Python client", () => {
  const data = json<PythonData>("edgegrid/python/testdata.json");
  const credentials: Credentials = {
    host: data.base_url,
    clientToken: data.client_token,
    clientSecret: data.client_secret,
    accessToken: data.access_token,
    maxBody: data.max_body,
    headersToSign: data.headers_to_sign,
  };
  const attempt = { timestamp: data.timestamp, nonce: data.nonce };
  const cases = json<PythonCase[]>("edgegrid/python/testcases.json");

  test("are all there", () => assert.equal(cases.length, 15));

  for (const { testName, request, expectedAuthorization, expectedDataToSign } of cases) {
    test(testName, () => {
      const ours: SigningRequest = { method: request.method, url: request.path };
      if (request.data !== undefined) ours.body = request.data;
      if (request.headers !== undefined) ours.headers = Object.assign({}, ...request.headers);
      assert.equal(sign(ours, credentials, attempt).authorization, expectedAuthorization);

      const stages = explainSignature(ours, credentials, attempt);
      assert.equal(stages.authorization, expectedAuthorization);
      assert.equal(stages.signingKey, data.sign_key_test);
      if (expectedDataToSign !== undefined) {
        assert.equal(stages.dataToSign, expectedDataToSign + expectedAuthorization.split("signature=")[0]);
      }
    });
  }

  test("content hash", () => {
    for (const body of ["test_body", new TextEncoder().encode("test_body")]) {
      const stages = explainSignature({ method: "POST", url: "/", body }, credentials, attempt);
      assert.equal(stages.contentHash, data.content_hash_test);
    }
  });
});

interface JavaData {
  client_token: string;
  client_secret: string;
  access_token: string;
  host: string;
  timestamp: string;
  nonce: string;
  vectors: { method: string; target: string; body?: string; signature: string }[];
}

describe("signatures of Akamai's Java client", () => {
  const data = json<JavaData>("edgegrid/java/signer_vectors.json");
  const credentials: Credentials = {
    host: data.host,
    clientToken: data.client_token,
    clientSecret: data.client_secret,
    accessToken: data.access_token,
  };
  test("are all there", () => assert.equal(data.vectors.length, 6));
  for (const { method, target, body, signature } of data.vectors) {
    test(`${method} ${target}`, () => {
      const request = { method, url: `https://${data.host}${target}`, body: body ?? "" };
      assert.equal(explainSignature(request, credentials, data).signature, signature);
    });
  }
});

interface DerivedData {
  credentials: { client_token: string; access_token: string; client_secret: string; timestamp: string; nonce: string };
  host: string;
  signing_key: string;
  vectors: { method: string; target: string; data_to_sign: string; signature: string }[];
}

describe("signatures of SIEM requests", () => {
  const data = json<DerivedData>("edgegrid/derived_siem_vectors.json");
  const credentials: Credentials = {
    host: data.host,
    clientToken: data.credentials.client_token,
    clientSecret: data.credentials.client_secret,
    accessToken: data.credentials.access_token,
  };
  test("are all there", () => assert.equal(data.vectors.length, 6));
  for (const { method, target, data_to_sign, signature } of data.vectors) {
    test(`${method} ${target}`, () => {
      const stages = explainSignature({ method, url: target }, credentials, data.credentials);
      assert.equal(stages.dataToSign, data_to_sign);
      assert.equal(stages.signature, signature);
      assert.equal(stages.signingKey, data.signing_key);
      assert.deepEqual([stages.canonicalHeaders, stages.contentHash], ["", ""]);
    });
  }
});

interface EdgercRow {
  name: string;
  file?: string;
  text?: string;
  section: string;
  expected?: {
    host: string;
    client_token: string;
    client_secret: string;
    access_token: string;
    max_body: number;
    headers_to_sign: string[];
    account_key: string | null;
  };
  error?: { code: string; says: string[] };
}

describe(".edgerc", () => {
  const rows = json<EdgercRow[]>("edgegrid/edgerc.json");
  test("rows are all there", () => assert.equal(rows.length, 50));
  for (const row of rows) {
    test(row.name, () => {
      const edgerc = row.text ?? text(`edgegrid/${row.file}`);
      if (row.expected !== undefined) {
        const { account_key, ...expected } = row.expected;
        assert.deepEqual(parseEdgerc(edgerc, row.section), {
          host: expected.host,
          clientToken: expected.client_token,
          clientSecret: expected.client_secret,
          accessToken: expected.access_token,
          maxBody: expected.max_body,
          headersToSign: expected.headers_to_sign,
          ...(account_key === null ? {} : { accountKey: account_key }),
        });
      } else {
        const { code, says } = row.error!;
        const error = thrownBy(() => parseEdgerc(edgerc, row.section));
        assert.equal(error.code, code);
        assert.notEqual(error.userAction, "");
        const shown = `${error.message} ${error.userAction}`;
        for (const part of says) assert.ok(shown.includes(part), `${part} in: ${shown}`);
        assert.ok(!shown.includes("hunter2"), shown);
      }
    });
  }

  test("the section is `default` unless it is named", () => {
    const edgerc = text("edgegrid/python/sample_edgerc");
    assert.deepEqual(parseEdgerc(edgerc), parseEdgerc(edgerc, "default"));
  });
});

describe("variables", () => {
  const variables = {
    AKAMAI_HOST: "h.example",
    AKAMAI_CLIENT_TOKEN: "ct",
    AKAMAI_CLIENT_SECRET: "hunter2=",
    AKAMAI_ACCESS_TOKEN: "at",
  };

  test("give credentials, or undefined if none is set, or an error if some are", () => {
    const expected = { host: "h.example", clientToken: "ct", clientSecret: "hunter2=", accessToken: "at", maxBody: 131072, headersToSign: [] };
    assert.deepEqual(credentialsFromEnv(variables), expected);
    assert.equal(credentialsFromEnv(variables, "other"), undefined);
    const error = thrownBy(() => credentialsFromEnv({ ...variables, AKAMAI_ACCESS_TOKEN: undefined }));
    assert.equal(error.code, "credentials_missing");
    assert.match(error.message, /AKAMAI_ACCESS_TOKEN/);
    assert.doesNotMatch(error.message, /hunter2/);
  });
});

describe("arguments of sign", () => {
  const credentials: Credentials = { host: "h.example", clientToken: "ct", clientSecret: "hunter2=", accessToken: "at" };

  test("time and nonce are of now and random unless they are given", () => {
    const before = Date.now();
    const one = sign({ url: "/" }, credentials);
    const other = sign({ url: "/" }, credentials, {});
    const [, year, month, day, time] = /^(\d{4})(\d\d)(\d\d)T([\d:]{8})\+0000$/.exec(one.timestamp)!;
    const signed = Date.parse(`${year}-${month}-${day}T${time}Z`);
    assert.ok(signed >= before - 1000 && signed <= Date.now(), one.timestamp);
    assert.notEqual(one.nonce, other.nonce);
    assert.match(one.nonce, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    assert.deepEqual(sign({ url: "/" }, credentials, one), one);
    assert.equal(sign({ url: "/" }, credentials, { timestamp: 1395430461000 }).timestamp, "20140321T19:34:21+0000");
  });

  test("headers may be an object or pairs, and only the named ones are signed", () => {
    const named = { ...credentials, headersToSign: ["X-B", "x-a"] };
    const pairs: [string, string][] = [["x-A", " 1  2 "], ["X-b", "3"], ["X-C", "4"]];
    for (const headers of [pairs, Object.fromEntries(pairs)]) {
      assert.equal(explainSignature({ url: "/", headers }, named).canonicalHeaders, "x-b:3\tx-a:1 2");
    }
  });

  // Each is a call that TypeScript refuses or a value that no type tells.
  const refused: [name: string, request: unknown, credentials: unknown, options: unknown, code: string][] = [
    ["no request", undefined, credentials, {}, "invalid_argument"],
    ["a request without a url", {}, credentials, {}, "invalid_argument"],
    ["a relative url", { url: "path" }, credentials, {}, "invalid_argument"],
    ["a url with a space", { url: "/a b" }, credentials, {}, "invalid_argument"],
    ["a body of numbers", { url: "/", body: [1] }, credentials, {}, "invalid_argument"],
    ["headers of numbers", { url: "/", headers: { a: 1 } }, credentials, {}, "invalid_argument"],
    ["headers that are iterable", { url: "/", headers: new Headers({ a: "1" }) }, credentials, {}, "invalid_argument"],
    ["no credentials", { url: "/" }, undefined, {}, "invalid_argument"],
    ["credentials that are a string", { url: "/" }, "hunter2", {}, "invalid_argument"],
    ["a token that is an object", { url: "/" }, { ...credentials, clientToken: { secret: "hunter2" } }, {}, "invalid_argument"],
    ["a secret in the place of a number", { url: "/" }, { ...credentials, maxBody: "expected hunter2" }, {}, "invalid_argument"],
    ["a max_body below zero", { url: "/" }, { ...credentials, maxBody: -1 }, {}, "invalid_argument"],
    ["a secret that is missing", { url: "/" }, { ...credentials, clientSecret: undefined }, {}, "invalid_argument"],
    ["a secret that is empty", { url: "/" }, { ...credentials, clientSecret: "" }, {}, "credentials_missing"],
    ["a token that breaks the header", { url: "/" }, { ...credentials, accessToken: "hunter2;" }, {}, "credentials_invalid"],
    ["a nonce that breaks the header", { url: "/" }, credentials, { nonce: "a;b" }, "invalid_argument"],
    ["a timestamp of another form", { url: "/" }, credentials, { timestamp: "2014-03-21T19:34:21Z" }, "invalid_argument"],
    ["a timestamp that is a Date", { url: "/" }, credentials, { timestamp: new Date(0) }, "invalid_argument"],
    ["a timestamp before 1970", { url: "/" }, credentials, { timestamp: -1 }, "invalid_argument"],
    ["a timestamp that is no number", { url: "/" }, credentials, { timestamp: NaN }, "invalid_argument"],
  ];
  for (const [name, request, given, options, code] of refused) {
    test(`${name} is refused without showing a secret`, () => {
      const call = sign as (...args: unknown[]) => unknown;
      const error = thrownBy(() => call(request, given, options));
      assert.equal(error.code, code, error.message);
      assert.doesNotMatch(`${error.message} ${error.userAction} ${error.stack}`, /hunter2/);
    });
  }
});

/** Akamai's own client: an implementation that shares nothing with ours. */
interface TheirRequest {
  method: string;
  path: string;
  headers: Record<string, string>;
  headersToSign?: Record<string, string>;
  body?: string;
}
interface TheirAuth {
  generateAuth(
    request: TheirRequest,
    clientToken: string,
    clientSecret: string,
    accessToken: string,
    host: string,
    maxBody: undefined,
    nonce: string,
    timestamp: string,
  ): { headers: { Authorization: string }; url: string };
}

describe("Akamai's npm client", () => {
  const require = createRequire(import.meta.url);
  const theirs: TheirAuth = require("../node_modules/akamai-edgegrid/src/auth.js");

  test("signs 300 random SIEM requests as we do", () => {
    const random = randomFrom(20261122);
    for (let round = 0; round < 300; round += 1) {
      const { credentials, request, path, headers, attempt } = randomRequest(random);
      const theirRequest: TheirRequest = { method: request.method!, path, headers: {} };
      if (credentials.headersToSign !== undefined) theirRequest.headersToSign = headers;
      if (request.body !== undefined) theirRequest.body = request.body as string;
      const expected = theirs.generateAuth(
        theirRequest,
        credentials.clientToken,
        credentials.clientSecret,
        credentials.accessToken,
        `https://${credentials.host}`,
        undefined,
        attempt.nonce,
        attempt.timestamp,
      );
      assert.equal(request.url, expected.url, "the URL library must not have changed the target");
      assert.equal(sign(request, credentials, attempt).authorization, expected.headers.Authorization, request.url);
    }
  });
});

/** What `call` throws, which must be an error of this module. */
function thrownBy(call: () => unknown): EdgeSiemError {
  try {
    call();
  } catch (error) {
    assert.ok(error instanceof Error);
    return error as EdgeSiemError;
  }
  return assert.fail("nothing was thrown");
}

/** Numbers in [0, below), the same in every run (xorshift32). */
function randomFrom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

function randomRequest(random: (below: number) => number) {
  const pick = <T>(items: readonly T[]): T => items[random(items.length)]!;
  const word = (alphabet: string, length: number) => Array.from({ length }, () => pick([...alphabet])).join("");
  const letters = "abcdefghijklmnopqrstuvwxyz0123456789";
  const token = () => `akab-${word(letters, 16)}-${word(letters, 16)}`;
  const base64 = `${letters}ABCDEFGHIJKLMNOPQRSTUVWXYZ`;

  const separator = pick([";", "%3B", "%3b"]);
  const offset = pick([
    "NULL",
    `${word("0123456789abcdef", 5)}${separator}${word(`${base64}-_`, 60)}`,
    word("0123456789abcdef", 40),
  ]);
  const time = 1_400_000_000 + random(400_000_000);
  const configs = Array.from({ length: 1 + random(4) }, () => 1 + random(99_999)).join(separator);
  const query = pick([`offset=${offset}&limit=${random(600_000)}`, `from=${time}&to=${time + random(43_200)}`, `limit=10&offset=${offset}`]);
  const path = `/siem/v1/configs/${configs}?${query}`;

  const method = pick(["GET", "GET", "GET", "POST", "PUT"]);
  const body = method === "GET" ? undefined : pick(["", '{"a":"é日本"}', word(letters, random(3000)), "x".repeat(131_071 + random(3))]);
  const headers: Record<string, string> = {};
  for (const name of ["X-Test1", "x-TEST-2", "X-Z"].slice(random(4))) {
    headers[name] = pick(["v", "  two   words ", "Mixed Case;=,", "tab\tinside"]);
  }
  const credentials: Credentials = {
    host: `${token()}.luna.akamaiapis.net`,
    clientToken: token(),
    clientSecret: `${word(`${base64}+/`, pick([43, 43, 80]))}=`,
    accessToken: token(),
  };
  if (Object.keys(headers).length > 0) credentials.headersToSign = Object.keys(headers);
  const request: SigningRequest = { method, url: `https://${credentials.host}${path}`, headers };
  if (body !== undefined) request.body = body;

  const date = new Date(time * 1000).toISOString();
  const timestamp = `${date.slice(0, 10).replaceAll("-", "")}T${date.slice(11, 19)}+0000`;
  const hex = word("0123456789abcdef", 32);
  const nonce = hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
  return { credentials, request, path, headers, attempt: { timestamp, nonce } };
}
