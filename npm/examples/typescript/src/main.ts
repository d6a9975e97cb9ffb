// Hands each event to a function of yours, and goes on next time where it ended.

import { readFile, rename, writeFile } from "node:fs/promises";
import { EdgeSiemError } from "edgesiem";
import { AkamaiSiemClient } from "edgesiem/pipeline";

const OFFSET_FILE = "offset.txt";

function variable(name: string): string {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set`);
  return value;
}

async function storedOffset(): Promise<string | undefined> {
  try {
    return await readFile(OFFSET_FILE, "utf8");
  } catch {
    return undefined;
  }
}

/** Written aside and renamed: a process that is killed meanwhile leaves the old offset. */
async function store(offset: string): Promise<void> {
  await writeFile(`${OFFSET_FILE}.new`, offset);
  await rename(`${OFFSET_FILE}.new`, OFFSET_FILE);
}

async function handle(event: Record<string, unknown>): Promise<void> {
  console.log(JSON.stringify(event));
}

async function main(): Promise<void> {
  const interrupted = new AbortController();
  process.once("SIGINT", () => interrupted.abort());
  const offset = await storedOffset();
  const client = new AkamaiSiemClient({
    host: variable("AKAMAI_HOST"),
    clientToken: variable("AKAMAI_CLIENT_TOKEN"),
    clientSecret: variable("AKAMAI_CLIENT_SECRET"),
    accessToken: variable("AKAMAI_ACCESS_TOKEN"),
    configIds: variable("AKAMAI_CONFIG_IDS").split(",").map(Number),
    schema: "ecs",
    signal: interrupted.signal,
    ...(offset === undefined ? {} : { offset }),
    ...(process.env["ALLOW_INSECURE_LOOPBACK"] === "1" ? { allowInsecureLoopback: true } : {}),
  });
  let last = offset;
  let events = 0;
  try {
    for await (const event of client) {
      // It moves at the end of a page, once each event of the page has been handled.
      if (client.offset !== undefined && client.offset !== last) await store((last = client.offset));
      await handle(event);
      events += 1;
    }
  } catch (error) {
    if (!interrupted.signal.aborted) throw error;
  } finally {
    if (client.offset !== undefined) await store(client.offset);
  }
  console.error(`${events} events`);
}

try {
  await main();
} catch (error) {
  console.error(error instanceof EdgeSiemError ? `${error.message}\nWhat to do: ${error.userAction}` : error);
  process.exitCode = 1;
}
