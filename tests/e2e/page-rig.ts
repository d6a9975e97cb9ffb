/**
 * The built Worker together with its page, as wrangler serves both from wrangler.toml, at an address that a browser can open.
 *
 * The page is npm/dist-web as it was built, the Worker is target/worker-bundle.
 */

import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { createTestHarness } from "wrangler";
import { startReceiver } from "../emulator/receiver.ts";
import { startSiem, type SiemOptions } from "../emulator/siem.ts";
import { ADMIN_TOKEN, Rig, STREAM } from "./rig.ts";
import { BUNDLE, type Namespace, type Runtime } from "./runtime.ts";

const WRANGLER_TOML = fileURLToPath(new URL("../../wrangler.toml", import.meta.url));
const PAGE = fileURLToPath(new URL("../../npm/dist-web/index.html", import.meta.url));

/** A Worker that pulls from the emulator, and where it answers. */
export interface Served extends AsyncDisposable {
  rig: Rig;
  origin: string;
}

/** Starts it with one stream from the emulator to the receiver, kept in a Durable Object. */
export async function serve(siemOptions: SiemOptions): Promise<Served> {
  if (!existsSync(PAGE)) throw new Error("npm/dist-web is missing; `cargo xtask page` makes it");
  if (!existsSync(BUNDLE)) throw new Error("target/worker-bundle is missing; `cargo xtask demo` and `cargo xtask test` make it");
  const siem = await startSiem(siemOptions);
  const receiver = await startReceiver({ events: siem.events, schema: "decoded", available: () => siem.available });
  const secret = (name: string): { secret: string } => ({ secret: name });
  const config = {
    store: "durable-object",
    allow_insecure_loopback: true,
    streams: [
      {
        id: STREAM,
        sinks: ["receiver"],
        source: {
          kind: "akamai-siem",
          host: siem.url,
          config_ids: siem.configIds.map(Number),
          client_token: secret("AKAMAI_CLIENT_TOKEN"),
          client_secret: secret("AKAMAI_CLIENT_SECRET"),
          access_token: secret("AKAMAI_ACCESS_TOKEN"),
        },
      },
    ],
    sinks: { receiver: { kind: "splunk-hec", url: receiver.url, token: secret("SPLUNK_TOKEN") } },
  };
  const { clientToken, clientSecret, accessToken } = siem.credentials;
  const secrets = { ADMIN_TOKEN, AKAMAI_CLIENT_TOKEN: clientToken, AKAMAI_CLIENT_SECRET: clientSecret, AKAMAI_ACCESS_TOKEN: accessToken, SPLUNK_TOKEN: receiver.splunkToken };
  const { runtime, origin } = await startHarness(config, secrets);
  const rig = new Rig(siem, receiver, runtime, { config, secrets });
  return { rig, origin, [Symbol.asyncDispose]: () => rig.close() };
}

async function startHarness(config: object, secrets: Record<string, string>): Promise<{ runtime: Runtime; origin: string }> {
  process.env["CLOUDFLARE_CF_FETCH_ENABLED"] = "false";
  process.env["WRANGLER_SEND_METRICS"] = "false";
  const harness = createTestHarness({ workers: [{ configPath: WRANGLER_TOML, prebuiltWorkerDir: BUNDLE, vars: { EDGESIEM: config as never }, secrets }] });
  const { url } = await harness.listen();
  const worker = harness.getWorker<{ EDGESIEM_KV: Namespace }>();
  const refuse = (): Promise<never> => Promise.reject(new Error("tests of the page do not need this"));
  const runtime: Runtime = {
    cron: async () => (await worker.scheduled({ cron: "* * * * *" })).outcome,
    async fetch(path, request = {}) {
      // Through the server and not to the Worker itself: whose a path is, is what the tests are about.
      const response = await fetch(`${url.origin}${path}`, { ...request, redirect: "manual" });
      return { status: response.status, body: await response.text(), headers: Object.fromEntries(response.headers) };
    },
    kv: async () => (await worker.getEnv()).EDGESIEM_KV,
    bucket: refuse,
    kill: refuse,
    takeLogs() {
      const logs = harness.getLogs().map(({ message }) => message);
      harness.clearLogs();
      return logs;
    },
    close: () => harness.close(),
  };
  return { runtime, origin: url.origin };
}
