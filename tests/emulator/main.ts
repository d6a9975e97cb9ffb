/** Runs an emulator, with the receiver if it has events, until interrupted, and prints how to connect EdgeSIEM to them. */

import { parseArgs } from "node:util";
import { startReceiver, type Receiver } from "./receiver.ts";
import { startSecurityMonitor } from "./security-monitor.ts";
import { startSiem } from "./siem.ts";
import { startTrendMicro } from "./trend-micro.ts";

const USAGE = `usage: node tests/emulator/main.ts [options]
  --api A            akamai-siem, trend-micro-cas or security-monitor (akamai-siem)
  --port N           port of the API (0: any)
  --receiver-port N  port of the receiver (0: any)
  --events N         events that are there at the start (1000)
  --rate N           events a second from then on (0)
  --seed N           which events, or which table (1)
  --schema S         what the receiver expects: decoded, raw or other (decoded)
  --per-minute N     requests that trend-micro-cas (20) and security-monitor (5) answer in a minute
  --control          serves /_emulator/state, /_emulator/faults and /_emulator/append
security-monitor has neither events nor a receiver.`;

function options(): Record<string, string | boolean | undefined> {
  try {
    return parseArgs({
      options: {
        api: { type: "string", default: "akamai-siem" },
        port: { type: "string", default: "0" },
        "receiver-port": { type: "string", default: "0" },
        events: { type: "string", default: "1000" },
        rate: { type: "string", default: "0" },
        seed: { type: "string", default: "1" },
        schema: { type: "string", default: "decoded" },
        "per-minute": { type: "string" },
        control: { type: "boolean", default: false },
        help: { type: "boolean", short: "h", default: false },
      },
    }).values;
  } catch (error) {
    fail(error instanceof Error ? error.message : String(error));
  }
}

function fail(message: string): never {
  console.error(`${message}\n${USAGE}`);
  process.exit(2);
}

const given = options();
if (given["help"] === true) {
  console.log(USAGE);
  process.exit(0);
}

function number(name: string): number {
  const value = Number(given[name]);
  if (given[name] === "" || !Number.isFinite(value) || value < 0) fail(`--${name} must be a number, not ${String(given[name])}`);
  return value;
}

/** What runs: how it is left, and what to tell on the way out. */
interface Running {
  close(): Promise<unknown>;
  state(): unknown;
}

function sinkSecrets(receiver: Receiver): string {
  return `#   export WEBHOOK_SECRET='${receiver.webhookSecret}'
#   export SPLUNK_TOKEN='${receiver.splunkToken}'`;
}

function sinkTables(receiver: Receiver): string {
  return `[sinks.webhook]
kind = "webhook"
url = "${receiver.url}/webhook"
signing_secret = { secret = "WEBHOOK_SECRET" }

# The same receiver as another kind of sink: put "splunk" into the stream's sinks to use it.
[sinks.splunk]
kind = "splunk-hec"
url = "${receiver.url}"
token = { secret = "SPLUNK_TOKEN" }`;
}

function schemaGiven(): "decoded" | "raw" | "other" {
  const { schema } = given;
  if (schema !== "decoded" && schema !== "raw" && schema !== "other") fail("--schema must be decoded, raw or other");
  return schema;
}

/** What the API answers in a minute. */
function perMinute(usual: number): number {
  return given["per-minute"] === undefined ? usual : number("per-minute");
}

const control = given["control"] === true;

async function akamaiSiem(): Promise<Running> {
  const schema = schemaGiven();
  const rate = number("rate");
  const siem = await startSiem({
    port: number("port"),
    seed: number("seed"),
    available: number("events"),
    eventsPerSecond: rate,
    intervalMs: rate > 0 ? 1000 / rate : 1,
    control,
  });
  const receiver = await startReceiver({
    port: number("receiver-port"),
    events: siem.events,
    schema,
    available: () => siem.available,
    control,
  });
  console.log(`# SIEM API ${siem.url}, receiver ${receiver.url}. Stop with Ctrl-C.
# Credentials and secrets, for the shell:
#   export AKAMAI_HOST='${new URL(siem.url).host}'
#   export AKAMAI_CLIENT_TOKEN='${siem.credentials.clientToken}'
#   export AKAMAI_CLIENT_SECRET='${siem.credentials.clientSecret}'
#   export AKAMAI_ACCESS_TOKEN='${siem.credentials.accessToken}'
${sinkSecrets(receiver)}
# Without a configuration, with those:
#   edgesiem pull --source akamai-siem --host ${siem.url} --allow-insecure-loopback ${siem.configIds.map((id) => `--config-id ${id}`).join(" ")} --to stdout
# edgesiem.toml:
allow_insecure_loopback = true

[[streams]]
id = "emulator"
schema = "${schema === "other" ? "ocsf" : schema}"
sinks = ["webhook"]
  [streams.source]
  kind = "akamai-siem"
  host = "${siem.url}"
  config_ids = [${siem.configIds.join(", ")}]
  client_token  = { secret = "AKAMAI_CLIENT_TOKEN" }
  client_secret = { secret = "AKAMAI_CLIENT_SECRET" }
  access_token  = { secret = "AKAMAI_ACCESS_TOKEN" }

${sinkTables(receiver)}`);
  return {
    close: () => Promise.all([siem.close(), receiver.close()]),
    state: () => ({ siem: { ...siem.state(), requests: undefined }, receiver: receiver.state() }),
  };
}

async function trendMicroCas(): Promise<Running> {
  const schema = schemaGiven();
  if (number("rate") !== 0) fail("--rate is for akamai-siem; with --control, POST /_emulator/append adds events");
  const cas = await startTrendMicro({
    port: number("port"),
    seed: number("seed"),
    available: number("events"),
    spreadMs: 12 * 3_600_000,
    services: ["exchange", "onedrive"],
    throttle: { perMinute: perMinute(20) },
    control,
  });
  const receiver = await startReceiver({
    port: number("receiver-port"),
    events: cas.events,
    // The content of what is not as it came is another test's.
    schema: schema === "raw" ? "raw" : "other",
    available: () => cas.events.count,
    control,
  });
  console.log(`# Cloud App Security ${cas.url}, receiver ${receiver.url}. Stop with Ctrl-C.
# Credentials and secrets, for the shell:
#   export TREND_MICRO_TOKEN='${cas.token}'
${sinkSecrets(receiver)}
# edgesiem.toml:
allow_insecure_loopback = true

[[streams]]
id = "emulator"
schema = "${schema === "other" ? "ocsf" : schema}"
sinks = ["webhook"]
  [streams.source]
  kind = "trend-micro-cas"
  host = "${cas.url}"
  services = ["exchange", "onedrive"]
  requests_per_minute = ${Math.min(20, perMinute(20))}
  token = { secret = "TREND_MICRO_TOKEN" }

${sinkTables(receiver)}`);
  return {
    close: () => Promise.all([cas.close(), receiver.close()]),
    state: () => ({ trendMicro: { ...cas.state(), requests: undefined }, receiver: receiver.state() }),
  };
}

async function securityMonitor(): Promise<Running> {
  const monitor = await startSecurityMonitor({
    port: number("port"),
    seed: number("seed"),
    rateLimit: { requests: perMinute(5), perMs: 60_000 },
  });
  console.log(`# Security Monitor API ${monitor.url}. Stop with Ctrl-C.
# Credentials, for the shell:
export AKAMAI_HOST='${new URL(monitor.url).host}'
export AKAMAI_CLIENT_TOKEN='${monitor.credentials.clientToken}'
export AKAMAI_CLIENT_SECRET='${monitor.credentials.clientSecret}'
export AKAMAI_ACCESS_TOKEN='${monitor.credentials.accessToken}'
# With those:
#   edgesiem report packs --host ${monitor.url} --allow-insecure-loopback`);
  return { close: () => monitor.close(), state: () => ({ securityMonitor: monitor.state() }) };
}

const APIS: Record<string, () => Promise<Running>> = {
  "akamai-siem": akamaiSiem,
  "trend-micro-cas": trendMicroCas,
  "security-monitor": securityMonitor,
};

const api = String(given["api"]);
const start = Object.hasOwn(APIS, api) ? APIS[api] : undefined;
if (start === undefined) fail(`--api must be ${Object.keys(APIS).join(", ")}, not ${api}`);
const running = await start();

process.once("SIGINT", () => {
  console.log(`\n${JSON.stringify(running.state(), null, 2)}`);
  void running.close();
});
