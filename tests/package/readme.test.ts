/** The examples of the package's README, run as they stand but for the host that they ask. */

import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { ROOT, project, succeed, swap, systemNode } from "./project.ts";
import { assertNumbers, source } from "./source.ts";

/** The JavaScript of the installed README, in its order. */
function examples(folder: string): string[] {
  const text = readFileSync(join(folder, "node_modules/edgesiem/README.md"), "utf8");
  return [...text.matchAll(/```js\n([\s\S]*?)```/g)].map(([, code = ""]) => code);
}

test("the README's examples decode, sign and pull", async () => {
  using installed = await project();
  const { folder } = installed;
  await using events = await source({ available: 50 });
  const { siem, env } = events;
  const { host } = new URL(siem.url);
  const { clientToken, clientSecret, accessToken } = siem.credentials;
  writeFileSync(join(folder, ".edgerc"), `[default]\nhost = ${host}\nclient_token = ${clientToken}\nclient_secret = ${clientSecret}\naccess_token = ${accessToken}\n`);
  const [decode = "", sign = "", pull = "", ...more] = examples(folder);
  assert.equal(more.length, 0);
  const run = async (code: string): Promise<string> => {
    writeFileSync(join(folder, "example.mjs"), code);
    return (await succeed(systemNode(), ["example.mjs"], { cwd: folder, env: { ...env, HOME: folder } })).stdout;
  };

  const told = /^\/\/ (\[ \{ rule.*)$/m.exec(decode)?.[1];
  assert.ok(told !== undefined);
  assert.equal((await run(decode)).replace(/\s+/g, " ").trim(), told);
  assert.equal(await run(swap(sign, "https://", "http://")), "200\n");
  const local = swap(pull, '"akab-xxxxxxxxxxxxxxxx-xxxxxxxxxxxxxxxx.luna.akamaiapis.net"', `"${siem.url}", allowInsecureLoopback: true`);
  const pulled = await run(swap(local, "console.log(event.attackData?.rules)", "console.log(JSON.stringify(event))"));
  const lines = pulled.trim().split("\n");
  assert.equal(lines.pop(), siem.lastOffset);
  assertNumbers(siem, lines);
});

test("the curl line of the checkout's README fetches a page", async () => {
  using installed = await project();
  const { folder } = installed;
  await using events = await source({ available: 50 });
  const { siem } = events;
  const { clientToken, clientSecret, accessToken } = siem.credentials;
  const line = /^npx edgesiem sign .* --curl \| sh$/m.exec(readFileSync(join(ROOT, "README.md"), "utf8"))?.[0];
  assert.ok(line !== undefined);
  const env = {
    AKAMAI_HOST: new URL(siem.url).host,
    AKAMAI_CLIENT_TOKEN: clientToken,
    AKAMAI_CLIENT_SECRET: clientSecret,
    AKAMAI_ACCESS_TOKEN: accessToken,
  };
  const { stdout } = await succeed("sh", ["-c", swap(line, "https://", "http://")], { cwd: folder, env });
  assertNumbers(siem, stdout.trim().split("\n").slice(0, -1), 3);
});
