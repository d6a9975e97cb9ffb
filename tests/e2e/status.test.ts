/** `GET /status` of the built Worker, where a source remembers much. */

import assert from "node:assert/strict";
import { it } from "node:test";
import { startTrendMicro } from "../emulator/trend-micro.ts";
import { STREAM, startRig } from "./rig.ts";

it("where a stream stands is short, however many events its source remembers, and the store has all of it", async (t) => {
  const cas = await startTrendMicro({ available: 60, spreadMs: 3_600_000, services: ["exchange"], kinds: ["dlp"] });
  const rig = await startRig({
    store: "durable-object",
    siem: { available: 0 },
    receiver: { events: cas.events, schema: "raw", available: () => cas.events.count },
    schema: "raw",
    secrets: { TREND_MICRO_TOKEN: cas.token },
    stream: { source: { kind: "trend-micro-cas", host: cas.url, token: { secret: "TREND_MICRO_TOKEN" }, services: ["exchange"], events: ["dlp"], requests_per_minute: 20 } },
  });
  t.after(async () => {
    await rig.close();
    await cas.close();
  });
  assert.equal(await rig.cron(), "ok");
  const { position } = await rig.status();
  const { combination, since, ...rest } = (position ?? assert.fail("it has not run")).cursor as { combination?: string; since?: number };
  assert.deepEqual([combination, typeof since, rest], ["exchange/dlp", "number", {}]);
  const stored = await (await rig.kv()).get(`checkpoint/${STREAM}`);
  assert.match(stored ?? "", /"seen":"[\w+/]{100,}"/);
});
