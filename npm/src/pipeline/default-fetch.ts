/** The network where the caller names none. */

import { nodeFetch, type NodeModules } from "./node-fetch.ts";

/** What there is of Node's `process`, on platforms that have one. */
interface MaybeProcess {
  versions?: Partial<Record<"node" | "bun" | "deno", string>>;
  getBuiltinModule?(name: string): unknown;
}

let chosen: ((url: string, init: RequestInit) => Promise<Response>) | undefined;

/** Sends requests: by the global `fetch`, but on Node by its older client (see node-fetch.ts). */
export function defaultFetch(url: string, init: RequestInit): Promise<Response> {
  chosen ??= ofNode() ?? ((url, init) => fetch(url, init));
  return chosen(url, init);
}

/** How Workers call themselves; with Node's compatibility they have its `process` and an HTTP client over their own `fetch`. */
const WORKERS = "Cloudflare-Workers";

/** `undefined` on other platforms, and on a Node before 20.16, which cannot be asked for its modules. */
function ofNode(): typeof chosen {
  const { process, navigator } = globalThis as { process?: MaybeProcess; navigator?: { userAgent?: string } };
  if (navigator?.userAgent === WORKERS) return undefined;
  const { versions = {} } = process ?? {};
  if (versions.node === undefined || versions.bun !== undefined || versions.deno !== undefined) return undefined;
  const module = (name: string): unknown => process?.getBuiltinModule?.(`node:${name}`);
  const [http, https, zlib, stream] = ["http", "https", "zlib", "stream"].map(module);
  if (http === undefined || https === undefined || zlib === undefined || stream === undefined) return undefined;
  return nodeFetch({ http, https, zlib, stream } as NodeModules);
}
