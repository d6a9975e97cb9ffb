/** `edgesiem decode` on several threads does what it does on one. */

import assert from "node:assert/strict";
import { spawn, type ChildProcessByStdio } from "node:child_process";
import { once } from "node:events";
import { copyFile, mkdtemp, readFile, rm, unlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

import { EventStream } from "../emulator/events.ts";
import { SCHEMAS, SCHEMAS_BY_RULE } from "../../npm/src/cli/schemas.ts";
import { CLI, assertSameText, commandLine, finished, type Channel } from "./command.ts";

const MIB = 2 ** 20;
/** Threads take over after 32 MiB; blank lines are the fastest way there, and count as no lines. */
const BEGINNING = Buffer.alloc(33 * MIB, `${" ".repeat(1023)}\n`);

const events = new EventStream({ seed: 11, firstEventAtMs: 1_790_000_000_000, intervalMs: 7, configIds: ["14227"] });
const lines = Array.from({ length: 2000 }, (_, i) => events.line(i).toString());
const body = `${lines.join("\n")}\n`;
const CONTEXT = '{"total": 2000, "offset": "318d8;NfHD", "limit": 2000}';
const event = (bytes: number): string => `{"a":"${"x".repeat(bytes - 8)}"}`;

const CHANNELS: readonly Channel[] = ["socket", "pipe"];

let folder = "";
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "edgesiem-threads-"));
});
after(() => rm(folder, { recursive: true }));

async function file(name: string, ...parts: (string | Uint8Array)[]): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, Buffer.concat(parts.map((part) => Buffer.from(part))));
  return path;
}

interface Told {
  code: number | null;
  stdout: Buffer;
  stderr: string;
  rejects: Buffer;
}

/** What the command does in all, on so many threads. */
async function told(threads: number, args: readonly string[], path: string, channel: "file" | "pipe"): Promise<Told> {
  const rejects = join(folder, "rejects");
  const words = [CLI, "decode", "--threads", String(threads), "--rejects", rejects, ...args];
  const way = channel === "file" ? '"$0" "$@" "$INPUT"' : 'cat "$INPUT" | "$0" "$@" | cat; exit "${PIPESTATUS[1]}"';
  const got = await finished("bash", ["--norc", "-c", way, process.execPath, ...words], { env: { INPUT: path } });
  return { ...got, rejects: await readFile(rejects) };
}

async function assertSame(args: readonly string[], path: string, channel: "file" | "pipe" = "file"): Promise<Told> {
  const one = await told(1, args, path, channel);
  for (const threads of [2, 3]) {
    const { code, stdout, stderr, rejects } = await told(threads, args, path, channel);
    assert.equal(stderr, one.stderr);
    assert.equal(code, one.code);
    assertSameText(stdout, one.stdout, `${threads} threads`);
    assertSameText(rejects, one.rejects, `rejects of ${threads} threads`);
  }
  return one;
}

/** Every so many lines something that is no event. */
function spoiled(every: number, line: (number: number) => string): string {
  return lines.map((good, number) => (number % every === 0 ? `${line(number)}\n${good}\n` : `${good}\n`)).join("");
}

const BAD = ["no json \u001b[31m", '{"a":1', "[1]", "", " \t\r", '{"a":tru}', CONTEXT, "null"] as const;

describe("on several threads as on one", () => {
  const cases: [name: string, parts: (string | Uint8Array)[], args?: string[]][] = [
    ["good lines", [body]],
    ["a context line at the end", [body, CONTEXT, "\n"]],
    ["a context line at the end without a line feed", [body, CONTEXT]],
    ["blank blocks behind the context line", [body, CONTEXT, "\n", BEGINNING.subarray(0, MIB)]],
    ["a context line in the middle", [body, CONTEXT, "\n", body]],
    ["a context line in the middle, then bad lines only", [body, CONTEXT, "\n", "x\n".repeat(MIB / 2)]],
    ["bad lines of all kinds", [spoiled(7, (number) => BAD[(number / 7) % BAD.length] ?? "")]],
    ["bad lines that are the only ones with numbers", ["x\n", body, "y\n", body, body, "z"]],
    ["bad lines in great number", ["x\n".repeat(150_000), body, "{}}\n".repeat(150_000)]],
    ["line ends of Windows", [body.replaceAll("\n", "\r\n"), "x\r\n", CONTEXT, "\r\n"]],
    ["no last line feed", [body, lines[0] ?? ""]],
    ["lines longer than a block", [spoiled(400, (number) => event(200_000 + number * 900))], ["--schema", "raw"]],
    ["bad lines longer than a block", [spoiled(400, (number) => `${event(200_000 + number * 900)},`)], ["--schema", "raw"]],
    ["lines as long as an event may be, and longer", [[0, 1, 2, MIB, 6 * MIB, 7 * MIB].map((more) => `x\n${event(6 * MIB + more)}\n${lines[0]}\n`).join("")], ["--schema", "raw"]],
    ["a last line that is too long and has no line feed", [body, event(14 * MIB)], ["--schema", "raw"]],
    ["blanks longer than a block, within a line and around it", [`${" ".repeat(MIB)}${lines[0]}${" ".repeat(MIB)}\n{${" ".repeat(MIB)}}\n`, body]],
    ["JSON over several lines, which stays on one thread", [JSON.stringify(lines.slice(0, 100).map((line) => JSON.parse(line) as unknown), null, 1)], ["--input", "json"]],
    ["events of Trend Micro", [lines.map((_, number) => `{"log_item_id":"${number}","message":{"detection_time":"2016-07-22T01:51:31"}}\n${number % 9 === 0 ? "x\n" : ""}`).join("")], ["--events", "trend-micro-cas", "--schema", "ecs"]],
    ["the summary as JSON", [spoiled(100, () => "x"), CONTEXT], ["--json"]],
    ["indented documents", [body], ["--pretty"]],
    ...SCHEMAS.map((schema): [string, string[], string[]] => [`schema ${schema}`, [spoiled(9, () => "x")], ["--schema", schema]]),
    ...SCHEMAS_BY_RULE.map((schema): [string, string[], string[]] => [`schema ${schema} by rule`, [spoiled(9, () => "x"), body], ["--schema", schema, "--expand-rules"]]),
  ];
  for (const [name, parts, args = []] of cases) {
    test(name, async () => {
      // As JSON it would be one value.
      const path = await file("input", ...(args.includes("json") ? [] : [`${lines[1]}\nbad\n`]), BEGINNING, ...parts);
      const { stdout } = await assertSame(args, path);
      assert.ok(stdout.length > 0);
      await unlink(path);
    });
  }

  test("what comes out of a pipe", async () => {
    await assertSame([], await file("piped", BEGINNING, spoiled(7, (number) => BAD[(number / 7) % BAD.length] ?? "")), "pipe");
  });

  test("compressed input from a pipe", async () => {
    await assertSame(["--schema", "raw"], await file("piped.gz", gzipSync(Buffer.concat([BEGINNING, Buffer.from(body.repeat(4)), Buffer.from(CONTEXT)]), { level: 1 })), "pipe");
  });

  test("events that become many times as many bytes, for a reader that is slow", async () => {
    const rules = Buffer.from(Array.from({ length: 500 }, (_, i) => Buffer.from(String(i)).toString("base64")).join(";")).toString();
    const large = `{"attackData":{"rules":"${encodeURIComponent(rules)}"},"httpMessage":{"path":"/${"p".repeat(4000)}"}}\n`;
    const { stdout } = await assertSame(["--schema", "ocsf", "--expand-rules"], await file("many", BEGINNING, large.repeat(30), body), "pipe");
    assert.ok(stdout.length > 30 * MIB, `${stdout.length}`);
  });

  test("several inputs, long ones and short ones, some compressed", async () => {
    const [long, short, empty, packed, none] = [
      await file("long", BEGINNING, spoiled(50, () => "x"), CONTEXT),
      await file("short", lines[0] ?? "", "\nbad\n"),
      await file("empty"),
      await file("packed.gz", gzipSync(Buffer.concat([Buffer.from("bad\n"), BEGINNING, Buffer.from(body), Buffer.from("bad\n")]), { level: 1 })),
      await file("cut.gz", gzipSync(Buffer.concat([BEGINNING, Buffer.from(body)]), { level: 1 }).subarray(0, -2000)),
    ];
    const { stderr } = await assertSame([long, short, empty, packed], long);
    assert.match(stderr, /packed\.gz: line 2002, byte 1/);
    const { code } = await assertSame([long, none], short);
    assert.equal(code, 3);
  });
});

type Command = ChildProcessByStdio<Writable, Readable, Readable>;

/** The command on three threads, which have taken over, and what it says on stderr in the end. */
function started(channel: Channel, args: readonly string[] = []): { child: Command; closed: Promise<unknown[]>; said: () => string } {
  const child = spawn(...commandLine(["decode", "--threads", "3", "--schema", "raw", ...args], channel), { stdio: ["pipe", "pipe", "pipe"] });
  const said: Buffer[] = [];
  child.stderr.on("data", (chunk: Buffer) => said.push(chunk));
  child.stdin.on("error", () => undefined);
  child.stdin.write(BEGINNING);
  return { child, closed: once(child, "close"), said: () => Buffer.concat(said).toString() };
}

async function firstLine(child: Command): Promise<string> {
  let got = "";
  for await (const chunk of child.stdout.iterator({ destroyOnReturn: false })) {
    got += String(chunk);
    if (got.endsWith("\n")) break;
  }
  return got;
}

describe("while the input is open", () => {
  for (const channel of CHANNELS) {
    test(`a line that comes by itself arrives by itself, through a ${channel}`, async () => {
      const { child, closed } = started(channel);
      for (const i of [0, 1, 2, 3, 4]) {
        child.stdin.write(`{"number":`);
        await new Promise(setImmediate);
        child.stdin.write(`${i}}\n`);
        assert.equal(await firstLine(child), `{"number":${i}}\n`);
      }
      child.stdin.end();
      assert.deepEqual(await closed, [0, null]);
    });
  }

  test("an interrupt ends it at once", async () => {
    const { child, closed } = started("socket");
    child.stdin.write("{}\n");
    assert.equal(await firstLine(child), "{}\n");
    child.kill("SIGINT");
    assert.deepEqual(await closed, [null, "SIGINT"]);
  });

  test("a reader that goes away ends it quietly with 141, though nothing more comes to be read", async () => {
    const { child, closed, said } = started("socket");
    child.stdin.write(body.repeat(4));
    await once(child.stdout, "readable");
    child.stdout.destroy();
    assert.deepEqual(await closed, [141, null]);
    assert.equal(said(), "");
  });
});

test("a reader that has enough ends it quietly with 141", async () => {
  const path = await file("enough", BEGINNING, body.repeat(10));
  const way = 'cat "$INPUT" "$INPUT" "$INPUT" | "$0" "$@" | head -n 1; exit "${PIPESTATUS[1]}"';
  const { code, stdout, stderr } = await finished("bash", ["--norc", "-c", way, process.execPath, CLI, "decode", "--threads", "3"], { env: { INPUT: path } });
  assert.deepEqual([code, stderr], [141, ""]);
  assert.equal(stdout.toString().split("\n").length, 2);
});

test("a slow reader gets everything, and what waits for it stays bounded", async () => {
  const path = await file("slow", BEGINNING, body.repeat(40));
  const usage = join(folder, "usage");
  const preload = fileURLToPath(new URL("usage-at-exit.cjs", import.meta.url));
  const child = spawn("bash", ["--norc", "-c", 'cat "$INPUT" | "$0" "$@" | cat', process.execPath, "--require", preload, CLI, "decode", "--threads", "3", "--schema", "raw"], {
    env: { PATH: process.env["PATH"], INPUT: path, USAGE_FILE: usage },
    stdio: ["ignore", "pipe", "ignore"],
  });
  let bytes = 0;
  let turns = 0;
  for await (const chunk of child.stdout as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if ((turns += 1) % 8 === 0) for (let i = 0; i < 20; i += 1) await new Promise(setImmediate);
  }
  assert.equal(bytes, Buffer.byteLength(body) * 40);
  const { maxRssKb } = JSON.parse(await readFile(usage, "utf8")) as { maxRssKb: number };
  // All of it would be as much again.
  assert.ok(bytes > 150e6 && maxRssKb < 200e3, `${maxRssKb} kB for ${bytes} bytes`);
});

describe("a thread that fails", () => {
  /** A copy of the command whose WebAssembly file goes away when the main thread has read it. */
  async function withoutModule(threads: number): Promise<[closed: unknown[], said: string]> {
    const [cli, module] = [join(folder, "cli.mjs"), join(folder, "core.wasm")];
    await copyFile(CLI, cli);
    await copyFile(join(dirname(CLI), "core.wasm"), module);
    const child = spawn(process.execPath, [cli, "decode", "--schema", "raw", "--threads", String(threads)], { stdio: ["pipe", "pipe", "pipe"] });
    const said: Buffer[] = [];
    child.stderr.on("data", (chunk: Buffer) => said.push(chunk));
    child.stdin.on("error", () => undefined);
    const closed = once(child, "close");
    child.stdin.write("{}\n");
    assert.equal(await firstLine(child), "{}\n");
    child.stdout.resume();
    await unlink(module);
    child.stdin.write(BEGINNING);
    child.stdin.write("{}\n");
    if (threads === 1) child.stdin.end();
    return [await closed, Buffer.concat(said).toString()];
  }

  test("ends the command with the reason and what to do, though the input is open", async () => {
    const [closed, said] = await withoutModule(2);
    assert.deepEqual(closed, [3, null]);
    assert.match(said, /^edgesiem: a decoding thread failed: \S+core\.wasm cannot be read .*\n {2}repeat the command with --threads 1, which needs none\n$/);
  });

  /** The command with 4 MiB for each WebAssembly memory, to which a line of 5 MiB comes when threads have taken over. */
  async function shortOfMemory(threads: number): Promise<[closed: unknown[], said: string]> {
    const child = spawn(process.execPath, ["--wasm-max-mem-pages=64", CLI, "decode", "--schema", "raw", "--threads", String(threads)], { stdio: ["pipe", "pipe", "pipe"] });
    const said: Buffer[] = [];
    child.stderr.on("data", (chunk: Buffer) => said.push(chunk));
    child.stdin.on("error", () => undefined);
    const closed = once(child, "close");
    child.stdin.write(BEGINNING);
    child.stdin.write("{}\n");
    assert.equal(await firstLine(child), "{}\n");
    child.stdout.resume();
    // The beginning of a line goes to a thread that is idle, and its end after it.
    child.stdin.write(`${event(5 * MIB)}\n`);
    return [await closed, Buffer.concat(said).toString()];
  }

  test("because its core stopped ends the command with the reason and what to do, though the input is open", async () => {
    const [closed, said] = await shortOfMemory(2);
    assert.deepEqual(closed, [3, null]);
    assert.match(said, /^edgesiem: a decoding thread failed: the core stopped \(unreachable\)\n {2}repeat the command with --threads 1, which needs none\n$/);
  });

  test("is told from a core that stops where there is one thread only", async () => {
    const [closed, said] = await shortOfMemory(1);
    assert.deepEqual(closed, [3, null]);
    assert.match(said, /^edgesiem: the core stopped \(unreachable\)\n/);
  });

  test("is none where there is one thread only", async () => {
    const [closed] = await withoutModule(1);
    assert.deepEqual(closed, [0, null]);
  });
});

describe("--threads", () => {
  for (const count of ["0", "65", "two", "1.5", "-1", ""]) {
    test(`${JSON.stringify(count)} is refused`, async () => {
      const { code, stderr } = await finished(process.execPath, [CLI, "decode", `--threads=${count}`]);
      assert.equal(code, 2);
      assert.match(stderr, /--threads/);
    });
  }
});
