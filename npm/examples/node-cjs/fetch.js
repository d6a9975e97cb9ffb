// Signs a request for one page of security events, sends it, and decodes the answer while it arrives.

const { readFile } = require("node:fs/promises");
const { homedir } = require("node:os");
const { join } = require("node:path");
const { DecodeStream, credentialsFromEnv, parseEdgerc, sign } = require("edgesiem");

/** From AKAMAI_* variables, or from the file that Akamai's own tools read. */
async function readCredentials() {
  const fromEnv = await credentialsFromEnv(process.env);
  return fromEnv ?? parseEdgerc(await readFile(join(homedir(), ".edgerc"), "utf8"));
}

async function main(configId, offset = "NULL") {
  if (configId === undefined) throw new Error("usage: node fetch.js CONFIG_ID [OFFSET]");
  const credentials = await readCredentials();
  const url = new URL(`https://${credentials.host}/siem/v1/configs/${configId}`);
  url.search = new URLSearchParams({ offset, limit: "1000" }).toString();

  // A signature is good for one attempt: sign again before each retry.
  const { authorization } = await sign({ url: url.href }, credentials);
  const response = await fetch(url, { headers: { authorization }, redirect: "manual" });
  if (response.status !== 200 || response.body === null) throw new Error(`the API answered ${response.status}`);

  const decode = new DecodeStream({ as: "objects" });
  let events = 0;
  for await (const { httpMessage } of response.body.pipeThrough(decode)) {
    events += 1;
    console.log(JSON.stringify({ host: httpMessage?.host, status: httpMessage?.status, path: httpMessage?.path }));
  }
  // Without its last line a page was cut: ask for the same offset again.
  console.error(`${events} events; the next offset is ${decode.context?.offset ?? offset}`);
}

main(...process.argv.slice(2)).catch((error) => {
  console.error(error.message);
  if (error.userAction !== undefined) console.error(`What to do: ${error.userAction}`);
  process.exitCode = 1;
});
