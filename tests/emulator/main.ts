/** Runs the emulator and the receiver until interrupted, and prints a configuration that connects EdgeSIEM to them. */

import { parseArgs } from "node:util";
import { startReceiver } from "./receiver.ts";
import { startSiem } from "./siem.ts";

const USAGE = `usage: node tests/emulator/main.ts [options]
  --port N           port of the SIEM API (0: any)
  --receiver-port N  port of the receiver (0: any)
  --events N         events that are there at the start (1000)
  --rate N           events a second from then on (0)
  --seed N           which events (1)
  --schema S         what the receiver expects: decoded, raw or other (decoded)
  --control          serves /_emulator/state, /_emulator/faults and /_emulator/append`;

function options(): Record<string, string | boolean | undefined> {
  try {
    return parseArgs({
      options: {
        port: { type: "string", default: "0" },
        "receiver-port": { type: "string", default: "0" },
        events: { type: "string", default: "1000" },
        rate: { type: "string", default: "0" },
        seed: { type: "string", default: "1" },
        schema: { type: "string", default: "decoded" },
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

const { schema } = given;
if (schema !== "decoded" && schema !== "raw" && schema !== "other") fail("--schema must be decoded, raw or other");
const control = given["control"] === true;
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
#   export WEBHOOK_SECRET='${receiver.webhookSecret}'
#   export SPLUNK_TOKEN='${receiver.splunkToken}'
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

[sinks.webhook]
kind = "webhook"
url = "${receiver.url}/webhook"
signing_secret = { secret = "WEBHOOK_SECRET" }

# The same receiver as another kind of sink: put "splunk" into the stream's sinks to use it.
[sinks.splunk]
kind = "splunk-hec"
url = "${receiver.url}"
token = { secret = "SPLUNK_TOKEN" }`);

process.once("SIGINT", () => {
  const state = { siem: { ...siem.state(), requests: undefined }, receiver: receiver.state() };
  console.log(`\n${JSON.stringify(state, null, 2)}`);
  void Promise.all([siem.close(), receiver.close()]);
});
