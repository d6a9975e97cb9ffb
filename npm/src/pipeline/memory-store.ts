/** What a stream has to remember, in memory. */

import type { PipelineStore } from "./host.ts";

interface Entry {
  value: string;
  /** Milliseconds since 1970. */
  expiresMs: number | undefined;
}

/**
 * Keeps what a pipeline has to remember for as long as the process lives.
 *
 * @example
 * ```ts
 * import { MemoryStore } from "edgesiem/pipeline";
 *
 * const store = new MemoryStore();
 * await store.put("checkpoint/prod-waf", "{}");
 * console.log(await store.list("checkpoint/", 1000)); // { keys: [ 'checkpoint/prod-waf' ] }
 * ```
 */
export class MemoryStore implements PipelineStore {
  readonly exact = true;
  readonly #entries = new Map<string, Entry>();
  readonly #now: () => number;

  /** @param now The clock that values are forgotten by, milliseconds since 1970. */
  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  async get(key: string): Promise<string | undefined> {
    return this.#alive(key)?.value;
  }

  async put(key: string, value: string, ttlSeconds?: number): Promise<void> {
    this.#entries.set(key, { value, expiresMs: ttlSeconds === undefined ? undefined : this.#now() + ttlSeconds * 1000 });
  }

  async delete(key: string): Promise<void> {
    this.#entries.delete(key);
  }

  async list(prefix: string, limit: number, cursor?: string): Promise<{ keys: string[]; cursor?: string }> {
    const all = [...this.#entries.keys()].filter((key) => key.startsWith(prefix) && this.#alive(key) !== undefined);
    all.sort(byCodePoints);
    const rest = cursor === undefined ? all : all.filter((key) => byCodePoints(key, cursor) > 0);
    const keys = rest.slice(0, limit);
    const last = keys.at(-1);
    return rest.length > keys.length && last !== undefined ? { keys, cursor: last } : { keys };
  }

  #alive(key: string): Entry | undefined {
    const entry = this.#entries.get(key);
    if (entry?.expiresMs === undefined || entry.expiresMs > this.#now()) return entry;
    this.#entries.delete(key);
    return undefined;
  }
}

/** The order of the UTF-8 bytes, which is not that of JavaScript's own units. */
function byCodePoints(a: string, b: string): number {
  for (let at = 0; ; ) {
    const [left, right] = [a.codePointAt(at), b.codePointAt(at)];
    if (left === undefined || right === undefined) return left === right ? 0 : left === undefined ? -1 : 1;
    if (left !== right) return left - right;
    at += left > 0xffff ? 2 : 1;
  }
}
