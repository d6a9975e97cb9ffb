/** Runs in a page: the checks by name, one at a time. */

// The page's import map says where these are.
import * as edgesiem from "edgesiem";
import * as small from "edgesiem-small";
import type { Context, Vectors } from "./context.ts";
import { check } from "./suite.ts";

declare global {
  var runCheck: (name: string) => Promise<string>;
  var loadMs: () => Promise<number>;
}

const vectors = fetch("/vectors.json").then((response) => response.json() as Promise<Vectors>);

globalThis.runCheck = async (name) => {
  const context: Context = { edgesiem, small, vectors: await vectors };
  try {
    await check(name).run(context);
    return "";
  } catch (error) {
    return error instanceof Error ? (error.stack ?? error.message) : String(error);
  }
};

globalThis.loadMs = async () => {
  const before = performance.now();
  // Whether it can be loaded, the checks say.
  await edgesiem.load().catch(() => undefined);
  return performance.now() - before;
};
