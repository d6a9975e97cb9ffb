// Prints the events of the last hour, one a line.

import { AkamaiSiemClient } from "edgesiem/pipeline";

function variable(name: string): string {
  const value = Bun.env[name];
  if (value === undefined) throw new Error(`${name} is not set`);
  return value;
}

const client = new AkamaiSiemClient({
  host: variable("AKAMAI_HOST"),
  clientToken: variable("AKAMAI_CLIENT_TOKEN"),
  clientSecret: variable("AKAMAI_CLIENT_SECRET"),
  accessToken: variable("AKAMAI_ACCESS_TOKEN"),
  configIds: variable("AKAMAI_CONFIG_IDS").split(",").map(Number),
  from: new Date(Date.now() - 3_600_000),
  ...(Bun.env["ALLOW_INSECURE_LOOPBACK"] === "1" ? { allowInsecureLoopback: true } : {}),
});

const out = Bun.stdout.writer();
for await (const event of client) {
  out.write(`${JSON.stringify(event)}\n`);
  await out.flush();
}
