/** `edgesiem sign`, compared with Akamai's own client, and its curl command against the emulator. */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, describe, test } from "node:test";

import { Random } from "../emulator/random.ts";
import { startSiem } from "../emulator/siem.ts";
import { CLI, edgesiem, finished } from "./command.ts";

const EDGERC = `[default]
host = akab-example.luna.akamaiapis.net
client_token = akab-client-token
client_secret = hunter2+/=
access_token = akab-access-token
`;
const FIXED = ["--timestamp", "20140321T19:34:21+0000", "--nonce", "nonce-xx-xxxx-xxxx-xxxx-xxxxxxxxxxxx"];

let folder = "";
let edgerc = "";
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "edgesiem-sign-"));
  edgerc = join(folder, "edgerc");
  await writeFile(edgerc, EDGERC);
});
after(() => rm(folder, { recursive: true }));

describe("what it prints", () => {
  test("is the value of the header and nothing else", async () => {
    const { code, stdout, stderr } = await edgesiem(["sign", "GET", "/siem/v1/configs/1?offset=NULL", "--edgerc", edgerc, ...FIXED]);
    assert.equal(code, 0);
    assert.equal(stderr, "");
    assert.match(
      stdout.toString(),
      /^EG1-HMAC-SHA256 client_token=akab-client-token;access_token=akab-access-token;timestamp=20140321T19:34:21\+0000;nonce=nonce-xx-xxxx-xxxx-xxxx-xxxxxxxxxxxx;signature=[\w+/]{43}=\n$/,
    );
  });

  test("is every stage with --explain, the signing key only with --show-secrets too", async () => {
    const args = ["sign", "POST", "/a?b=c", "--edgerc", edgerc, "-H", "X-Test:  two   words ", "--headers-to-sign", "X-Test", ...FIXED];
    const masked = (await edgesiem([...args, "--explain"])).stdout.toString();
    const [canonical, hash, data, key, signature, header] = masked.split("\n");
    assert.equal(canonical, "canonical headers  x-test:two words");
    assert.equal(hash, "content hash       (only the body of a POST is signed)");
    assert.match(data ?? "", /^data to sign {7}POST\\thttps\\takab-example\.luna\.akamaiapis\.net\\t\/a\?b=c\\tx-test:two words\\t\\tEG1-HMAC-SHA256 client_token=/);
    assert.equal(key, "signing key        *** (--show-secrets shows it)");
    assert.match(signature ?? "", /^signature {10}[\w+/]{43}=$/);
    assert.ok(header?.endsWith(`;signature=${signature?.slice(19)}`), header);
    assert.doesNotMatch(masked, /hunter2/);
    const shown = (await edgesiem([...args, "--explain", "--show-secrets"])).stdout.toString();
    assert.match(shown, /^signing key {8}[\w+/]{43}=$/m);
  });

  test("is JSON with --json", async () => {
    const { stdout } = await edgesiem(["sign", "GET", "/x", "--edgerc", edgerc, "--json", ...FIXED]);
    const printed = JSON.parse(stdout.toString()) as Record<string, string>;
    assert.deepEqual(Object.keys(printed), ["method", "url", "authorization", "timestamp", "nonce"]);
    assert.equal(printed["url"], "https://akab-example.luna.akamaiapis.net/x");
  });
});

test("a reader that went away ends it quietly with 141", async () => {
  const child = spawn(process.execPath, [CLI, "sign", "GET", "/", "--edgerc", edgerc], { stdio: ["ignore", "pipe", "pipe"] });
  // Long before it writes: it has to start first.
  child.stdout.destroy();
  const said: Buffer[] = [];
  child.stderr.on("data", (chunk: Buffer) => said.push(chunk));
  assert.deepEqual(await once(child, "close"), [141, null]);
  assert.equal(Buffer.concat(said).toString(), "");
});

describe("credentials", () => {
  const variables = {
    AKAMAI_HOST: "env.example",
    AKAMAI_CLIENT_TOKEN: "env-token",
    AKAMAI_CLIENT_SECRET: "hunter2",
    AKAMAI_ACCESS_TOKEN: "env-access",
  };

  test("come from --edgerc, then from variables, then from ~/.edgerc", async () => {
    const home = await mkdtemp(join(folder, "home-"));
    await writeFile(join(home, ".edgerc"), EDGERC.replaceAll("akab-", "home-"));
    const token = async (args: string[], env: Record<string, string>): Promise<string | undefined> =>
      /client_token=([^;]*)/.exec((await edgesiem(["sign", "GET", "/", ...args], { env })).stdout.toString())?.[1];
    assert.equal(await token(["--edgerc", edgerc], { ...variables, HOME: home }), "akab-client-token");
    assert.equal(await token([], { ...variables, HOME: home }), "env-token");
    assert.equal(await token([], { HOME: home }), "home-client-token");
  });

  const refused: [name: string, args: string[], env: Record<string, string>, says: RegExp][] = [
    ["a file that is not there", ["--edgerc", "/nonexistent"], {}, /cannot read \/nonexistent: no such file.*\n.*--edgerc/],
    ["a section that is not there", ["--section", "other"], {}, /no section \[other\]/],
    ["variables of which one is missing", [], { ...variables, AKAMAI_ACCESS_TOKEN: "" }, /AKAMAI_ACCESS_TOKEN/],
  ];
  for (const [name, args, env, says] of refused) {
    test(`${name} are refused with what to do and without a secret`, async () => {
      const given = args.includes("--section") ? ["--edgerc", edgerc, ...args] : args;
      const { code, stdout, stderr } = await edgesiem(["sign", "GET", "/", ...given], { env: { HOME: folder, ...env } });
      assert.equal(code, 2, stderr);
      assert.equal(stdout.length, 0);
      assert.match(stderr, says);
      assert.doesNotMatch(stderr, /hunter2/);
    });
  }
});

test("an .edgerc of Windows' editors is refused with what to do", async () => {
  const path = join(folder, "utf-16");
  await writeFile(path, Buffer.from(`\ufeff${EDGERC}`, "utf16le"));
  const { code, stderr } = await edgesiem(["sign", "GET", "/", "--edgerc", path]);
  assert.equal(code, 2);
  assert.match(stderr, /utf-16 is UTF-16\n {2}save it as UTF-8/);
});

describe("warnings and refusals", () => {
  test("a URL that other clients send otherwise is signed as it is written, with a warning", async () => {
    const { code, stdout, stderr } = await edgesiem(["sign", "GET", "https://h.example/a/../b", "--edgerc", edgerc, "--explain"]);
    assert.equal(code, 0);
    assert.match(stdout.toString(), /\\t\/a\/\.\.\/b\\t/);
    assert.match(stderr, /send this URL as https:\/\/h\.example\/b,/);
    const upperCase = await edgesiem(["sign", "GET", "HTTPS://AKAB-example.luna.akamaiapis.net/A", "--edgerc", edgerc]);
    assert.deepEqual([upperCase.code, upperCase.stderr], [0, ""], "scheme and host are signed in lower case");
  });

  test("a header that is to be signed and is not there is told", async () => {
    const { code, stderr } = await edgesiem(["sign", "GET", "/", "--edgerc", edgerc, "--headers-to-sign", "X-A,X-B", "-H", "x-a: 1"]);
    assert.equal(code, 0);
    assert.match(stderr, /X-B is to be signed/);
    assert.doesNotMatch(stderr, /X-A is/);
  });

  test("a URL of another host than that of the credentials is signed, with a warning", async () => {
    const own = await edgesiem(["sign", "GET", "https://AKAB-example.luna.akamaiapis.net:443/", "--edgerc", edgerc]);
    assert.doesNotMatch(own.stderr, /credentials/);
    const { code, stdout, stderr } = await edgesiem(["sign", "GET", "https://h.example:8443/", "--edgerc", edgerc]);
    assert.equal(code, 0);
    assert.match(stdout.toString(), /^EG1-HMAC-SHA256 /);
    assert.match(stderr, /host h\.example:8443 is not that of the credentials, akab-example\.luna\.akamaiapis\.net/);
  });

  test("a method is made upper case in what is signed, in JSON and for curl", async () => {
    const args = ["/x", "--edgerc", edgerc, "--explain", "--json", "--curl", ...FIXED];
    const [lower, upper] = await Promise.all([edgesiem(["sign", "get", ...args]), edgesiem(["sign", "GET", ...args])]);
    assert.equal(lower.stdout.toString(), upper.stdout.toString());
    assert.match(lower.stdout.toString(), / --request GET /);
  });

  const refused: [name: string, args: string[], says: RegExp][] = [
    ["a URL that is neither absolute nor a path", ["GET", "siem/v1"], /begin it with \/ or https:\/\//i],
    ["a method with a slash", ["GET/", "/"], /not a method/],
    ["a URL with a space", ["GET", "/a b"], /the URL: .*percent-encoded/],
    ["a URL of another scheme", ["GET", "ftp://h.example/"], /the URL: .*https:\/\//],
    ["a method that is none", ["GE T", "/"], /not a method/],
    ["a time of another form", ["GET", "/", "--timestamp", "2014-03-21"], /--timestamp: /],
    ["a header that is two lines", ["GET", "/", "-H", "a: b\nc: d"], /on one line/],
    ["a body that is not there", ["POST", "/", "--body-file", "/nonexistent"], /cannot read the body from \/nonexistent/],
    ["a body with HEAD for curl", ["HEAD", "/", "--body-file", "/dev/null", "--curl"], /curl sends no body with HEAD\n {2}leave out/],
    ["a limit that is no number", ["POST", "/", "--max-body", "1e3"], /not a number of bytes/],
  ];
  for (const [name, args, says] of refused) {
    test(`${name} is refused`, async () => {
      const { code, stdout, stderr } = await edgesiem(["sign", ...args, "--edgerc", edgerc]);
      assert.equal(code, 2, stderr);
      assert.equal(stdout.length, 0);
      assert.match(stderr, says);
    });
  }
});

/** The part of `akamai-edgegrid/src/auth.js` that is used here; the package ships no types for it. */
interface AkamaiAuth {
  generateAuth(
    request: { method: string; path: string; headers: Record<string, string>; headersToSign?: Record<string, string>; body?: string },
    clientToken: string,
    clientSecret: string,
    accessToken: string,
    host: string,
    maxBody: number,
    nonce: string,
    timestamp: string,
  ): { headers: { Authorization: string }; url: string };
}

describe("Akamai's npm client", () => {
  const require = createRequire(import.meta.url);
  const akamai = require(join(dirname(require.resolve("akamai-edgegrid")), "src/auth.js")) as AkamaiAuth;

  test("gives the same header for 200 random requests", async () => {
    const random = new Random(20261122);
    const rounds = Array.from({ length: 200 }, (_, round) => ({ round, request: randomRequest(random) }));
    // Two at a time: each is a process of its own.
    const check = async (): Promise<void> => {
      for (let next = rounds.shift(); next !== undefined; next = rounds.shift()) await compare(next.round, next.request);
    };
    await Promise.all([check(), check()]);
  });

  async function compare(round: number, request: RandomRequest): Promise<void> {
    const { method, path, headers, body, maxBody, timestamp, nonce } = request;
    const args = ["sign", method, path, "--edgerc", edgerc, "--timestamp", timestamp, "--nonce", nonce, "--max-body", String(maxBody)];
    const theirs: Parameters<AkamaiAuth["generateAuth"]>[0] = { method, path, headers: {} };
    for (const [name, value] of Object.entries(headers)) args.push("--header", `${name}: ${value}`);
    if (Object.keys(headers).length > 0) {
      args.push("--headers-to-sign", Object.keys(headers).join(","));
      theirs.headersToSign = headers;
    }
    if (body !== undefined) {
      const file = join(folder, `body-${round}`);
      await writeFile(file, body);
      args.push("--body-file", file);
      // Their client leaves its maxBody unused and cuts at 131072 characters, so it gets a body that is cut already.
      theirs.body = body.slice(0, maxBody);
    }
    const host = "https://akab-example.luna.akamaiapis.net";
    const expected = akamai.generateAuth(theirs, "akab-client-token", "hunter2+/=", "akab-access-token", host, maxBody, nonce, timestamp);
    assert.equal(expected.url, host + path, "the URL library must not have changed the target");
    const { stdout, stderr } = await edgesiem(args);
    assert.equal(stdout.toString(), `${expected.headers.Authorization}\n`, `round ${round}: ${stderr}`);
    assert.equal(stderr, "");
  }
});

interface RandomRequest {
  method: string;
  path: string;
  headers: Record<string, string>;
  body: string | undefined;
  maxBody: number;
  timestamp: string;
  nonce: string;
}

function randomRequest(random: Random): RandomRequest {
  const pick = <T>(items: readonly [T, ...T[]]): T => items[random.below(items.length)] ?? items[0];
  const word = (alphabet: string, length: number): string => Array.from({ length }, () => alphabet.charAt(random.below(alphabet.length))).join("");
  const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

  const segments = Array.from({ length: 1 + random.below(4) }, () => word(`${letters}-_.~;`, 1 + random.below(12)).replace(/^\.+/, "x"));
  const pairs = Array.from({ length: random.below(4) }, () => `${word(letters, 4)}=${pick([word(letters, 20), "%3B", "a;b", "NULL", "", "a+b%20c"])}`);
  const path = `/${segments.join("/")}${pairs.length > 0 ? `?${pairs.join("&")}` : ""}`;

  const method = pick(["GET", "GET", "POST", "POST", "PUT", "DELETE"]);
  const hasBody = method === "POST" || method === "PUT";
  const body = hasBody ? pick(['{"a":"é日本"}', word(letters, 1 + random.below(3000)), "x".repeat(131_071 + random.below(3)), undefined]) : undefined;
  const names = ["X-Test1", "x-TEST-2", "X-Z"].slice(random.below(4));
  const headers = Object.fromEntries(names.map((name) => [name, pick(["v", "two   words", "Mixed Case;=,", "tab\tinside", "it's \"quoted\""])]));
  const date = new Date((1_400_000_000 + random.below(400_000_000)) * 1000).toISOString();
  return {
    method,
    path,
    headers,
    body,
    // Cut in bytes: where characters have more than one, nothing is to be cut.
    maxBody: body?.startsWith("{") === true ? 131_072 : pick([131_072, 2048, 1 + random.below(4000)]),
    timestamp: `${date.slice(0, 10).replaceAll("-", "")}T${date.slice(11, 19)}+0000`,
    nonce: word(`${letters}-`, 36),
  };
}

describe("the curl command", () => {
  test("fetches a page of the emulator, however hostile the words in it are", async () => {
    const siem = await startSiem({ seed: 5, available: 25 });
    try {
      const { clientToken, clientSecret, accessToken } = siem.credentials;
      const env = { AKAMAI_CLIENT_TOKEN: clientToken, AKAMAI_CLIENT_SECRET: clientSecret, AKAMAI_ACCESS_TOKEN: accessToken };
      const url = `${siem.url}/siem/v1/configs/${siem.configIds.join(";")}?offset=NULL&limit=10`;
      const hostile = `X-Note: it's $(touch ${join(folder, "pwned")}) \`id\` "; \\ !x *`;
      const { stdout, stderr } = await edgesiem(["sign", "GET", url, "-H", hostile, "--curl"], { env });
      assert.equal(stderr, "");
      const { code, stdout: page, stderr: curlSays } = await finished("sh", ["-c", `${stdout.toString().trimEnd()} --fail-with-body`], { cwd: folder });
      assert.equal(code, 0, curlSays + page.toString());
      assert.equal(curlSays, "", "no progress meter, though it goes to a pipe");
      const decoded = await edgesiem(["decode", "--json"], { input: page });
      const { inputs } = JSON.parse(decoded.stderr) as { inputs: { events: number; context: { total: number; limit: number } }[] };
      assert.equal(inputs[0]?.events, 10);
      assert.deepEqual({ ...inputs[0]?.context, offset: "" }, { offset: "", total: 10, limit: 10 });
      assert.equal((await finished("test", ["-e", join(folder, "pwned")])).code, 1);
      const again = await finished("sh", ["-c", `${stdout.toString().trimEnd()}`]);
      assert.match(again.stdout.toString(), /nonce/i, "a signature is good for one request");
    } finally {
      await siem.close();
    }
  });

  test("sends a body and an empty header as they were signed", async () => {
    const { stdout } = await edgesiem(["sign", "POST", "/x", "--edgerc", edgerc, "--body-file", "-", "-H", "X-Empty:", "--curl", ...FIXED], { input: "{}" });
    assert.match(stdout.toString(), / --request POST --header 'Authorization: .*' --header 'X-Empty;' --data-binary @- https:\/\/akab-example\.luna\.akamaiapis\.net\/x\n$/);
  });
});
