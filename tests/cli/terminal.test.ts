/** What reaches a terminal: nothing of what others wrote may drive it. Run on a real pseudo terminal. */

import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";

import { StatusLine, byteProgress, formatBytes, formatDuration } from "../../npm/src/cli/progress.ts";
import { documentsForTerminal, printable } from "../../npm/src/cli/terminal.ts";
import { CLI, assertSameText, edgesiem, finished, type Finished } from "./command.ts";

const ON_TERMINAL = fileURLToPath(new URL("on-terminal.py", import.meta.url));

/** Characters that move the cursor, hide or reorder text: as UTF-8 they may stand in JSON, all but the first as they are. */
const HOSTILE = ["\u007f", "\u0080", "\u0085", "\u009b2J", "\u009d0;owned\u009c", "\u061c", "\u200b", "\u200f", "\u2028", "\u2029", "\u202e", "\u2066", "\ufeff", "\u{e0041}"];
const PLAIN = "naïve 日本 \u{1f600}";
const event = (text: string): string => `{"attackData":{"clientIP":"192.0.2.1"},"httpMessage":{"path":"${text}","requestHeaders":"X%3a%20%1b%5b31mred%07"}}`;
const INPUT = `${event(HOSTILE.join("|"))}\n\t{"tab":\t"outside",\r"cr": 1}\n${event(PLAIN)}\n{"offset":"o\\u001b]0;x\\u0007"}\n`;

let folder = "";
let input = "";
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "edgesiem-terminal-"));
  input = join(folder, "page");
  await writeFile(input, INPUT);
});
after(() => rm(folder, { recursive: true }));

/** Runs the command on a terminal. */
function onTerminal(args: string[], options: { pty?: string[]; env?: Record<string, string> } = {}): Promise<Finished> {
  const env = { TERM: "xterm-256color", ...options.env };
  return finished("python3", [ON_TERMINAL, ...(options.pty ?? ["--stdin", input]), process.execPath, CLI, ...args], { env });
}

/** Every control character but the line feed, and every other one that must not reach a terminal. */
const UNSAFE = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/u;

test("help is readable on a terminal whose size nobody set", async () => {
  const { code, stdout } = await onTerminal(["init", "--help"]);
  assert.equal(code, 0);
  assert.match(stdout.toString(), /^Never overwrites a file\.$/m);
});

describe("decode on a terminal", () => {
  test("writes control, bidirectional and invisible characters of events as JSON escapes", async () => {
    const { code, stdout } = await onTerminal(["decode"], { pty: ["--stdin", input, "--stdout-only"] });
    const shown = stdout.toString();
    assert.equal(code, 0);
    assert.doesNotMatch(shown, UNSAFE);
    const [first = "", , third = ""] = shown.split("\n");
    assert.equal((JSON.parse(first) as { httpMessage: { path: string } }).httpMessage.path, HOSTILE.join("|"), "the document still means the same");
    assert.ok(third.includes(PLAIN), "what is harmless is shown");
    assert.match(first, /\\u009b2J.*\\u202e.*\\udb40\\udc41/);
  });

  test("does so for every schema, for text too", async () => {
    for (const schema of ["raw", "ecs", "cef", "ocsf", "sentinel", "otel", "elastic-integration"]) {
      const { stdout } = await onTerminal(["decode", "--schema", schema], { pty: ["--stdin", input, "--stdout-only"] });
      assert.doesNotMatch(stdout.toString(), UNSAFE, schema);
      assert.ok(stdout.toString().includes("192.0.2.1"), schema);
    }
  });

  test("writes the summary and reasons without them", async () => {
    const hostile = join(folder, "x\u001b]0;owned\u0007\u202e");
    await writeFile(hostile, `${INPUT}\u001b[2J\n{"offset":"o\\u001b]0;x\\u0007\u009b"}\n`);
    const { code, stdout } = await onTerminal(["decode", hostile], { pty: ["--stdin", input, "--stderr-only"] });
    assert.equal(code, 1);
    assert.match(stdout.toString(), /line 5.*\n.*offset o\\u\{1b\}\]0;x\\u\{7\}\\u\{9b\}\n/);
    assert.doesNotMatch(stdout.toString(), UNSAFE);
  });

  test("says of a file that is not there only printable characters", async () => {
    for (const args of [["decode", "\u001b[2Jgone"], ["decode", "--schema", "\u001b[2J"], ["\u001b[2J"], ["sign", "\u001b[2J", "/"]]) {
      const { code, stdout } = await onTerminal(args);
      assert.equal(code, 2);
      assert.doesNotMatch(stdout.toString(), UNSAFE);
      assert.match(stdout.toString(), /\\u(?:\{1b\}|001b)\[2J/);
    }
  });

  test("indents with colours, and without them where NO_COLOR is set or the terminal has none", async () => {
    const pty = ["--stdin", input, "--stdout-only"];
    const [coloured, without, dumb] = await Promise.all([
      onTerminal(["decode", "--pretty"], { pty }),
      onTerminal(["decode", "--pretty"], { pty, env: { NO_COLOR: "1" } }),
      onTerminal(["decode", "--pretty"], { pty, env: { TERM: "dumb" } }),
    ]);
    assert.match(coloured.stdout.toString(), /\u001b\[34m"attackData"\u001b\[39m: \{\n/);
    assert.doesNotMatch(without.stdout.toString(), UNSAFE);
    assertSameText(dumb.stdout, without.stdout);
    // All that drives the terminal is ours.
    assertSameText(coloured.stdout.toString().replaceAll(/\u001b\[(?:3[2-4]|39)m/g, ""), without.stdout.toString());
  });

  test("reads what is typed, and says that it waits for it", async () => {
    const { code, stdout } = await onTerminal(["decode"], { pty: ["--type", `${event("typed")}\n`] });
    assert.equal(code, 0);
    const shown = stdout.toString();
    assert.match(shown, /^edgesiem: reading events from the terminal; end them with Ctrl-D/);
    assert.match(shown, /"path":"typed"/);
    assert.match(shown, /1 event/);
  });
});

describe("decode to a pipe", () => {
  test("leaves every byte as it is", async () => {
    const { stdout } = await edgesiem(["decode", "--schema", "raw"], { input: INPUT });
    for (const text of [...HOSTILE, PLAIN]) assert.ok(stdout.includes(text), JSON.stringify(text));
  });
});

describe("texts", () => {
  const rows: [text: string, shown: string][] = [
    ["\u001b[31mred\r\n", "\\u{1b}[31mred\\u{d}\\u{a}"],
    ["a\u202eb\u009b", "a\\u{202e}b\\u{9b}"],
    [PLAIN, PLAIN],
    ["\u{e0041}", "\\u{e0041}"],
  ];
  for (const [text, shown] of rows) test(`${JSON.stringify(text)} is printed as ${shown}`, () => assert.equal(printable(text), shown));

  test("are cut between characters, and say so", () => {
    assert.equal(printable("abcdef", 3), "abc…");
    assert.equal(printable("abc", 3), "abc");
    assert.equal(printable("\u{1f600}\u{1f600}\u{1f600}", 2), "\u{1f600}\u{1f600}…");
    assert.equal(printable("x".repeat(10_000_000)).length, 2001);
  });

  test("of documents keep line feeds and everything that is harmless", () => {
    assert.equal(documentsForTerminal(`{"a":"\u0085"}\n{"b":"${PLAIN}"}\n`), `{"a":"\\u0085"}\n{"b":"${PLAIN}"}\n`);
  });

  test("of progress stand on one line of a terminal, which is not drawn too often, and nowhere else", (t) => {
    let nowMs = 0;
    t.mock.method(performance, "now", () => nowMs);
    const written: string[] = [];
    const stream = { isTTY: true, columns: 10, write: (text: string) => written.push(text) };
    const status = new StatusLine(stream);
    const show = (atMs: number, text: string): void => {
      nowMs = atMs;
      status.show(() => text);
    };
    show(400, "work that is soon over says nothing");
    show(600, "a long text");
    show(650, "too soon");
    show(700, "b");
    status.print("message");
    status.clear();
    assert.deepEqual(written, ["\r\u001b[Ka long te", "\r\u001b[Kb", "\r\u001b[K", "message\n"]);

    const elsewhere: string[] = [];
    const quiet = new StatusLine({ write: (text: string) => elsewhere.push(text) });
    nowMs = 5000;
    quiet.show(() => "x");
    quiet.print("message");
    assert.deepEqual(elsewhere, ["message\n"]);
  });

  test("of progress have units", () => {
    assert.deepEqual([0, 999, 1000, 12_345, 999_999_999, 2.5e12].map(formatBytes), ["0 B", "999 B", "1.00 kB", "12.3 kB", "1000 MB", "2.50 TB"]);
    assert.deepEqual([0, 400, 12_000, 185_000, 7_500_000].map(formatDuration), ["0.0 s", "0.4 s", "12 s", "3 min 5 s", "2 h 5 min"]);
    assert.equal(byteProgress(250e6, 1e9, 1000), "250 MB of 1.00 GB, 250 MB/s, 3.0 s left");
    assert.equal(byteProgress(250e6, undefined, 1000), "250 MB, 250 MB/s");
  });
});
