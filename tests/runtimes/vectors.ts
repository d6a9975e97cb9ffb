/** The vectors that the Rust tests read, as data for every runtime. */

import type { Credentials, SigningRequest } from "../../npm/src/index.ts";
import { json, text } from "../vectors/files.ts";
import type { EdgercCase, SignatureCase, Vectors } from "./context.ts";

/** Schemas whose vectors are in a file; of the others the document is known otherwise. */
const FILES = { ecs: "ecs", "elastic-integration": "ecs-integration", cef: "cef", ocsf: "ocsf", sentinel: "sentinel", otel: "otel" };

/** All of them. Throws if a file is missing. */
export function vectors(): Vectors {
  const schemas = Object.fromEntries(Object.entries(FILES).map(([schema, file]) => [schema, json<Vectors["schemas"][string]>(`schemas/${file}.json`)]));
  return { decoded: json("decode/decoded.json"), schemas, signatures: [...python(), ...java(), ...siem()], edgerc: edgerc() };
}

function python(): SignatureCase[] {
  interface Data {
    base_url: string;
    access_token: string;
    client_token: string;
    client_secret: string;
    max_body: number;
    headers_to_sign: string[];
    nonce: string;
    timestamp: string;
  }
  interface Case {
    testName: string;
    request: { method: string; path: string; data?: string; headers?: Record<string, string>[] };
    expectedAuthorization: string;
  }
  const data = json<Data>("edgegrid/python/testdata.json");
  const credentials: Credentials = {
    host: data.base_url,
    clientToken: data.client_token,
    clientSecret: data.client_secret,
    accessToken: data.access_token,
    maxBody: data.max_body,
    headersToSign: data.headers_to_sign,
  };
  return json<Case[]>("edgegrid/python/testcases.json").map(({ testName, request, expectedAuthorization }) => {
    const ours: SigningRequest = { method: request.method, url: request.path };
    if (request.data !== undefined) ours.body = request.data;
    if (request.headers !== undefined) ours.headers = Object.assign({}, ...request.headers) as Record<string, string>;
    const { timestamp, nonce } = data;
    return { name: testName, request: ours, credentials, options: { timestamp, nonce }, expected: { authorization: expectedAuthorization } };
  });
}

function java(): SignatureCase[] {
  interface Data {
    client_token: string;
    client_secret: string;
    access_token: string;
    host: string;
    timestamp: string;
    nonce: string;
    vectors: { method: string; target: string; body?: string; signature: string }[];
  }
  const data = json<Data>("edgegrid/java/signer_vectors.json");
  const credentials = { host: data.host, clientToken: data.client_token, clientSecret: data.client_secret, accessToken: data.access_token };
  const { timestamp, nonce } = data;
  return data.vectors.map(({ method, target, body, signature }) => ({
    name: `${method} ${target}`,
    request: { method, url: `https://${data.host}${target}`, body: body ?? "" },
    credentials,
    options: { timestamp, nonce },
    expected: { signature },
  }));
}

function siem(): SignatureCase[] {
  interface Data {
    credentials: { client_token: string; access_token: string; client_secret: string; timestamp: string; nonce: string };
    host: string;
    vectors: { method: string; target: string; data_to_sign: string; signature: string }[];
  }
  const { credentials: given, host, vectors } = json<Data>("edgegrid/derived_siem_vectors.json");
  const credentials = { host, clientToken: given.client_token, clientSecret: given.client_secret, accessToken: given.access_token };
  const { timestamp, nonce } = given;
  return vectors.map(({ method, target, data_to_sign, signature }) => ({
    name: `${method} ${target}`,
    request: { method, url: target },
    credentials,
    options: { timestamp, nonce },
    expected: { dataToSign: data_to_sign, signature },
  }));
}

function edgerc(): EdgercCase[] {
  interface Row {
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
    error?: { code: string };
  }
  return json<Row[]>("edgegrid/edgerc.json").map(({ name, file, text: given, section, expected, error }) => ({
    name,
    text: given ?? text(`edgegrid/${file}`),
    section,
    expected:
      expected === undefined
        ? (error?.code ?? "")
        : {
            host: expected.host,
            clientToken: expected.client_token,
            clientSecret: expected.client_secret,
            accessToken: expected.access_token,
            maxBody: expected.max_body,
            headersToSign: expected.headers_to_sign,
            ...(expected.account_key === null ? {} : { accountKey: expected.account_key }),
          },
  }));
}
