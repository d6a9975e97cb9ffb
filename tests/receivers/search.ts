/** What tests ask of a cluster that speaks as Elasticsearch and OpenSearch do. */

import assert from "node:assert/strict";
import type { Json } from "../e2e/rig.ts";
import type { Ledger } from "./ledger.ts";
import type { Exchange } from "./proxy.ts";

export interface Hit {
  _id: string;
  _version: number;
  _source: Json;
}

export class Cluster {
  readonly url: string;

  constructor(url: string) {
    this.url = url;
  }

  async call(method: string, path: string, body?: unknown): Promise<Json> {
    const content = body === undefined ? {} : { headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
    const response = await fetch(this.url + path, { method, ...content });
    const text = await response.text();
    assert.ok(response.ok, `${method} ${path}: ${response.status} ${text}`);
    return JSON.parse(text) as Json;
  }

  /** Makes an index that finds documents by these members only, and stores the others as they are. */
  async create(index: string, properties: Json = {}): Promise<void> {
    await this.call("PUT", `/${index}`, { mappings: { dynamic: false, properties } });
  }

  /** Everything in an index or data stream, up to ten thousand documents. */
  async all(index: string): Promise<Hit[]> {
    await this.call("POST", `/${index}/_refresh`);
    const found = await this.call("POST", `/${index}/_search`, { size: 10_000, version: true, query: { match_all: {} } });
    return (found["hits"] as { hits: Hit[] }).hits;
  }
}

/** How often each status occurs among the items of `_bulk` answers. */
export function itemStatuses(exchanges: readonly Exchange[]): Record<number, number> {
  const counts: Record<number, number> = {};
  for (const { answer } of exchanges) {
    for (const item of (JSON.parse(answer) as { items: { create: { status: number } }[] }).items) {
      counts[item.create.status] = (counts[item.create.status] ?? 0) + 1;
    }
  }
  return counts;
}

/** Each event exactly once, with the time and the addresses that the emulator gave it, where ECS has them. */
export function assertEcs(ledger: Ledger, documents: readonly Json[]): void {
  type Ecs = { "@timestamp": string; source: { ip: string }; url: { domain: string }; http: { request: { id: string } } };
  const numbers = documents.map((document) => ledger.numberIn((document as unknown as Ecs).http.request.id));
  ledger.assertNumbers(numbers);
  documents.forEach((document, k) => {
    const ecs = document as unknown as Ecs;
    const { attackData, httpMessage } = ledger.document(numbers[k]!) as { attackData: Record<string, string>; httpMessage: Record<string, string> };
    const found = [Date.parse(ecs["@timestamp"]), ecs.source.ip, ecs.url.domain];
    assert.deepEqual(found, [Math.round(Number(httpMessage["start"]) * 1000), attackData["clientIP"], httpMessage["host"]]);
  });
}
