/** A module that stops in the middle of a call: here because its memory is too small for what it is handed. */

import type { Check, EdgeSiem } from "../context.ts";
import { equal, ok, thrownBy } from "../expect.ts";
import { failures, pageOf, textOf, through } from "../pages.ts";

/** More than the small module's memory can hold. */
const HUGE = JSON.stringify({ pad: "x".repeat(8 * 2 ** 20) });

function isStopped(edgesiem: EdgeSiem, error: unknown): boolean {
  return error instanceof edgesiem.CoreStoppedError && error.code === "core_stopped" && error.retryable && error.userAction !== "";
}

export const traps: readonly Check[] = [
  {
    name: "a core that stops says so, and the next call works on a fresh one",
    async run({ small }) {
      for (let turn = 0; turn < 3; turn += 1) {
        const error = await thrownBy(() => small.decodeEvent(HUGE));
        ok(isStopped(small, error), String(error));
        equal(await small.decodeEvent('{"attackData":{"rules":"OTUwMDAy"}}'), { attackData: { rules: [{ rule: "950002" }] } });
      }
    },
  },
  {
    name: "a decoder ends with the core in whose memory it lives, and says so each time",
    async run({ small }) {
      const core = await small.load();
      const bystander = core.pageDecoder();
      bystander.push(pageOf(["{}"]));
      ok(isStopped(small, await thrownBy(() => small.decodeEvent(HUGE))), "the call that was too much");
      for (const call of [() => bystander.push(pageOf(["{}"])), () => bystander.finish(), () => bystander.rejected]) {
        ok(isStopped(small, await thrownBy(call)), "the bystander");
      }
      bystander.free();
      const next = core.pageDecoder();
      equal(textOf([next.push(pageOf(["{}"]))]), "{}\n");
      next.free();
    },
  },
  {
    name: "a stream whose core stops ends with the error on both sides, and the next stream works",
    async run({ small }) {
      const stream = new small.DecodeStream();
      const errors = await failures(stream, [new TextEncoder().encode(`{}\n${HUGE}\n`)]);
      ok(errors.every((error) => isStopped(small, error)), errors.map(String).join("; "));
      equal(stream.context, undefined);
      equal(textOf(await through(new small.DecodeStream(), [pageOf(["{}"])])), "{}\n");
    },
  },
  {
    name: "an argument that throws while it is read costs nothing but its own call",
    async run({ edgesiem }) {
      const request = Object.defineProperty({}, "url", {
        enumerable: true,
        get() {
          throw new TypeError("not today");
        },
      });
      const core = await edgesiem.load();
      const error = await thrownBy(() => core.sign(request as never, { host: "a.example", clientToken: "a", clientSecret: "b", accessToken: "c" }));
      ok(error instanceof edgesiem.EdgeSiemError || error instanceof TypeError, String(error));
      equal(core.decodeEvent("{}"), {});
    },
  },
];
