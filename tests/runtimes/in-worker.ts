/** Runs in a Worker: `GET /NAME` runs a check and answers with what is wrong, or nothing. */

import * as edgesiem from "edgesiem";
import * as small from "edgesiem-small";
import type { Vectors } from "./context.ts";
import { check } from "./suite.ts";

interface Environment {
  VECTORS: Vectors;
}

export default {
  async fetch(request: Request, { VECTORS }: Environment): Promise<Response> {
    const name = decodeURIComponent(new URL(request.url).pathname.slice(1));
    try {
      await check(name).run({ edgesiem, small, vectors: VECTORS });
      return new Response("");
    } catch (error) {
      return new Response(error instanceof Error ? (error.stack ?? error.message) : String(error), { status: 500 });
    }
  },
};
