/** `edgesiem decode`, run as a user runs it. */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, open, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { gzipSync } from "node:zlib";

import { EventStream } from "../emulator/events.ts";
import { ObjectLines } from "../../npm/src/cli/json-lines.ts";
import { SCHEMAS, SCHEMAS_BY_RULE } from "../../npm/src/cli/schemas.ts";
import { CLI, assertSameText, commandLine, edgesiem, finished, library, type Channel } from "./command.ts";

const events = new EventStream({ seed: 7, firstEventAtMs: 1_790_000_000_000, intervalMs: 7, configIds: ["14227"] });
const lines = Array.from({ length: 300 }, (_, i) => events.line(i).toString());
const core = await library.load();
const documents = lines.map((line) => `${core.convert(line)[0]}\n`);
const decoded = documents.join("");
const CONTEXT = '{"total": 300, "offset": "318d8;NfHD", "limit": 300}\n';
const page = `${lines.join("\n")}\n${CONTEXT}`;

/** Each goes another way through the command. */
const CHANNELS: readonly Channel[] = ["socket", "pipe"];

let folder = "";
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "edgesiem-decode-"));
});
after(() => rm(folder, { recursive: true }));

async function file(name: string, content: string | Uint8Array): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
}

interface Summary {
  inputs: {
    input: string;
    shape: string;
    bytes: number;
    events: number;
    documents: number;
    rejected: number;
    undecoded: number;
    rejected_lines: { line: number; at?: number; column?: number; begins_at_line?: number; reason: string }[];
    hint: string | null;
    context: { offset: string; total?: number; limit?: number } | null;
  }[];
}

describe("a page", () => {
  test("becomes one document a line, and its context line a summary", async () => {
    const { code, stdout, stderr } = await edgesiem(["decode"], { input: page });
    assert.equal(code, 0);
    assertSameText(stdout, decoded);
    assert.match(stderr, /^edgesiem: stdin: 300 events, .*; offset 318d8;NfHD, total 300, limit 300\n$/);
  });

  test("says what the events were made to say", async () => {
    const { stdout } = await edgesiem(["decode"], { input: page });
    const normal = stdout.toString().trimEnd().split("\n").map((line) => JSON.stringify(JSON.parse(line)));
    assertSameText(normal.join("\n"), lines.map((_, i) => events.expectedText(i)).join("\n"));
  });

  test("is the same from a file, from -, from a pipe of the shell and compressed", async () => {
    const path = await file("page.json", page);
    // Two members, as `cat a.gz b.gz` makes them, cut inside of a line.
    const zipped = Buffer.concat([gzipSync(page.slice(0, 5000)), gzipSync(page.slice(5000))]);
    const packed = await file("page.json.gz", zipped);
    const ways: [args: string[], input?: string | Uint8Array][] = [[[path]], [["-"], page], [[packed]], [[], zipped]];
    for (const channel of CHANNELS) {
      for (const [args, input] of ways) {
        const { code, stdout, stderr } = await edgesiem(["decode", ...args], input === undefined ? { channel } : { input, channel });
        assert.equal(code, 0, stderr);
        assertSameText(stdout, decoded, `${channel}: ${args.join(" ")}`);
      }
    }
  });

  test("that was cut is said to have no context line", async () => {
    const { code, stdout, stderr } = await edgesiem(["decode"], { input: lines.slice(0, 3).join("\n") });
    assert.equal(code, 0);
    assert.equal(stdout.toString().split("\n").length, 4);
    assert.match(stderr, /3 events.*\. No context line: if this is a page of the API, it was cut; fetch it again from the same offset\n$/);
  });

  test("that counts more events than came is said to do so", async () => {
    const { stderr } = await edgesiem(["decode"], { input: `${lines.slice(0, 3).join("\n")}\n${CONTEXT}` });
    assert.match(stderr, /the context line counts 300 events: 297 fewer came\n$/);
  });

  test("and another one are decoded one after the other, each with its summary", async () => {
    const [one, two] = [await file("one.json", page), await file("two.json", `${lines[0]}\n{"offset":"x"}`)];
    const { code, stdout, stderr } = await edgesiem(["decode", one, two, "--json"]);
    assert.equal(code, 0);
    assertSameText(stdout, `${decoded}${documents[0]}`);
    const { inputs } = JSON.parse(stderr) as Summary;
    assert.deepEqual(inputs.map(({ input, context }) => [input, context]), [
      [one, { offset: "318d8;NfHD", total: 300, limit: 300 }],
      [two, { offset: "x" }],
    ]);
    assert.deepEqual(inputs.map((input) => input.bytes), [Buffer.byteLength(page), Buffer.byteLength(lines[0] ?? "") + 15]);
  });

  for (const channel of CHANNELS) {
    test(`arrives while the ${channel} is still open`, async () => {
      const child = spawn(...commandLine(["decode"], channel), { stdio: ["pipe", "pipe", "ignore"] });
      const closed = once(child, "close");
      for (const i of [0, 1, 2]) {
        // In two parts, so that it has to wait in the middle of a line.
        child.stdin.write(lines[i]?.slice(0, 500));
        await new Promise(setImmediate);
        child.stdin.write(`${lines[i]?.slice(500)}\n`);
        let got = "";
        for await (const chunk of child.stdout.iterator({ destroyOnReturn: false })) {
          got += String(chunk);
          if (got.endsWith("\n")) break;
        }
        assertSameText(got, documents[i] ?? "");
      }
      child.stdin.end();
      assert.deepEqual(await closed, [0, null]);
    });
  }
});

describe("bad lines", () => {
  test("are reported with number and reason, kept untouched, and stop nothing", async () => {
    const bad = [Buffer.from("no json \xff\x1b[31m", "latin1"), Buffer.from('{"a":1'), Buffer.from("[1]")];
    const input = Buffer.concat([lines[0], bad[0], lines[1], "", bad[1], lines[2], bad[2], CONTEXT].map((line) => Buffer.concat([Buffer.from(line ?? ""), Buffer.from("\n")])));
    const rejects = await file("rejects", "what an earlier run left");
    const { code, stdout, stderr } = await edgesiem(["decode", "--input", "multi-json", "--rejects", rejects], { input });
    assert.equal(code, 1);
    assertSameText(stdout, documents.slice(0, 3).join(""));
    const said = stderr.split("\n");
    assert.match(said[0] ?? "", /^edgesiem: stdin: line 2, byte 1: expected an object$/);
    assert.match(said[1] ?? "", /^edgesiem: stdin: line 4, byte 7: /);
    assert.match(said[2] ?? "", /^edgesiem: stdin: line 6, byte 1: /);
    assert.match(said[3] ?? "", /3 lines rejected/);
    assert.deepEqual(await readFile(rejects), Buffer.concat(bad.flatMap((line) => [line, Buffer.from("\n")])));
  });

  test("in great number are counted, not listed, and all kept", async () => {
    const rejects = join(folder, "many");
    const input = "x\n".repeat(100_000);
    const { code, stdout, stderr } = await edgesiem(["decode", "--rejects", rejects], { input });
    assert.equal(code, 1);
    assert.equal(stdout.length, 0);
    assert.equal(stderr.split("\n").length, 23);
    assert.match(stderr, /: 99980 more rejected lines are not shown/);
    assertSameText(await readFile(rejects), input);
  });

  test("longer than an event may be are one bad line, kept whole", async () => {
    const long = `{"a":"${"x".repeat(13 * 2 ** 20)}"}\n`;
    const rejects = join(folder, "long");
    const { code, stdout, stderr } = await edgesiem(["decode", "--rejects", rejects, "--json"], { input: `${lines[0]}\n${long}${lines[1]}\n` });
    assert.equal(code, 1);
    assertSameText(stdout, documents.slice(0, 2).join(""));
    const [input] = (JSON.parse(stderr) as Summary).inputs;
    assert.deepEqual([input?.rejected, input?.rejected_lines.map(({ line }) => line)], [1, [2]]);
    assertSameText(await readFile(rejects), long);
  });

  test("are told as JSON with --json, and nothing else is on stderr", async () => {
    const { stderr } = await edgesiem(["decode", "--json"], { input: `${lines[0]}\nnone\n` });
    const [input] = (JSON.parse(stderr) as Summary).inputs;
    assert.deepEqual(input?.rejected_lines, [{ line: 2, at: 0, reason: "expected an object" }]);
    assert.deepEqual([input?.events, input?.rejected, input?.context], [1, 1, null]);
  });
});

describe("other shapes of input", () => {
  const values = lines.slice(0, 40).map((line) => JSON.parse(line) as unknown);
  const plain = values.map((value) => JSON.stringify(value)).join("\n");

  /** What our reader makes of JSON must be what a JSON parser makes of it, whatever the white space. */
  async function same(input: string, args: string[] = []): Promise<void> {
    const [expected, got] = [await edgesiem(["decode"], { input: plain }), await edgesiem(["decode", ...args], { input })];
    assert.equal(got.code, 0, got.stderr);
    assert.doesNotMatch(got.stderr, /context/);
    const parse = (text: Buffer): string => JSON.stringify(text.toString().trimEnd().split("\n").map((line) => JSON.parse(line) as unknown));
    assertSameText(parse(got.stdout), parse(expected.stdout));
  }

  test("an array, on one line or on many", async () => {
    await same(JSON.stringify(values));
    await same(`\n ${JSON.stringify(values, null, 2)}\n`);
    await same(JSON.stringify(values, null, "\t").replaceAll("\n", "\r\n"));
  });

  test("indented events, one after the other, also with commas between them", async () => {
    await same(values.map((value) => JSON.stringify(value, null, 4)).join("\n"));
    await same(values.map((value) => JSON.stringify(value, null, 1)).join(",\n"));
    await same(values.map((value) => JSON.stringify(value)).join(""), ["--input", "json"]);
  });

  test("text with the byte order mark of Windows", async () => {
    const { stdout } = await edgesiem(["decode"], { input: `\ufeff${page}` });
    assertSameText(stdout, decoded);
    await same(`\ufeff${JSON.stringify(values)}`);
    await same(`\ufeff${values.map((value) => JSON.stringify(value, null, 2)).join("\n")}`);
  });

  test("UTF-16 is refused with what to do", async () => {
    const { code, stderr } = await edgesiem(["decode"], { input: Buffer.from(`\ufeff${page}`, "utf16le") });
    assert.equal(code, 2);
    assert.match(stderr, /UTF-16\n {2}save it as UTF-8/);
  });

  test("nothing at all is no error, and said to be empty", async () => {
    for (const input of ["", "\n \n"]) {
      const { code, stdout, stderr } = await edgesiem(["decode"], { input });
      assert.deepEqual([code, stdout.length, stderr], [0, 0, "edgesiem: stdin: empty\n"]);
    }
    assert.equal((await edgesiem(["decode"], { input: "[]" })).stderr, "edgesiem: stdin: 0 events\n");
  });

  test("the inside of an event is one hint, not a reason for each line", async () => {
    const inside = JSON.stringify(values[0], null, 2).split("\n").slice(1, -1).join("\n");
    const { code, stderr } = await edgesiem(["decode"], { input: inside });
    assert.equal(code, 1);
    assert.match(stderr, /^edgesiem: stdin: this looks like the inside of an event: put \{ \} around it\nedgesiem: stdin: 0 events, \d+ lines rejected\n$/);
    assert.equal((await edgesiem(["decode"], { input: `{${inside}}` })).code, 0, "which is all that it needs");
  });

  test("mistakes are found where they stand, by line and column, and those around them are decoded", async () => {
    const input = '[\n  {\n    "a": 1,\n    "b": [1, 2\n      3]\n  },\n  {"é": "日本", "c": tru e},\n  junk\n, {"ok": true}\n]\n';
    const { code, stdout, stderr } = await edgesiem(["decode", "--schema", "raw"], { input });
    assert.deepEqual([code, stdout.toString()], [1, '{"ok":true}\n']);
    assert.deepEqual(stderr.split("\n").slice(0, 4), [
      "edgesiem: stdin: line 5, column 7: expected a comma or a closing bracket; the value begins at line 2",
      "edgesiem: stdin: line 7, column 20: expected a value",
      "edgesiem: stdin: line 8, column 3: expected an object",
      "edgesiem: stdin: 1 event, 3 lines rejected",
    ]);
    const [told] = (JSON.parse((await edgesiem(["decode", "--json"], { input })).stderr) as Summary).inputs;
    assert.deepEqual(told?.rejected_lines[0], { line: 5, column: 7, begins_at_line: 2, reason: "expected a comma or a closing bracket" });
  });

  test("white space between tokens goes, and stays where it separates them or is in a string", async () => {
    const input = '{\n\t"a"  :  "b  \\" c",\r\n  "n": [ 1 ,\n 2 ]\n}\n{\n "bad": 1 2\n}\n';
    const { code, stdout, stderr } = await edgesiem(["decode", "--schema", "raw"], { input });
    assert.deepEqual([code, stdout.toString()], [1, '{"a":"b  \\" c","n":[1,2]}\n']);
    assert.match(stderr, /line 7, column 11: .*; the value begins at line 6\n/);
  });

  test("places are the same however the input is cut", () => {
    const input = Buffer.from('[{"a":\n "é\nx", "b": 1 2}, }{\n}{}{} x, {\n"c" :\n [ ]}]');
    const whole = new ObjectLines();
    const written = whole.push(input).toString();
    const rows = written.split("\n").map((line, number) => Array.from({ length: Buffer.byteLength(line) }, (_, at) => whole.placeOf(number + 1, at)));
    for (const bytes of [1, 2, 3, 7]) {
      const lines = new ObjectLines();
      const seen: (typeof rows)[number][] = [[]];
      let text = "";
      for (let from = 0; from < input.length; from += bytes) {
        const part = lines.push(input.subarray(from, from + bytes));
        text += part.toString("latin1");
        for (const byte of part) {
          if (byte === 0x0a) seen.push([]);
          else seen.at(-1)?.push(lines.placeOf(seen.length, seen.at(-1)?.length ?? 0));
        }
      }
      assert.equal(Buffer.from(text, "latin1").toString(), written);
      assert.deepEqual(seen, rows, `in pieces of ${bytes}`);
    }
  });

  test("a value too long to be kept is told by the line in which it begins", async () => {
    const input = `[\n{"ok": 1},\n{\n"a": "${"x".repeat(9 * 2 ** 20)}",\n"b": 1\n},\n{\n"c": tru }]`;
    const { code, stdout, stderr } = await edgesiem(["decode", "--schema", "raw"], { input });
    assert.deepEqual([code, stdout.toString()], [1, '{"ok":1}\n']);
    assert.match(stderr, /^edgesiem: stdin: line 3: .*\nedgesiem: stdin: line 8, column 6: .*; the value begins at line 7\nedgesiem: stdin: 1 event, 2 lines rejected\n$/);
  });
});

describe("schemas", () => {
  test("in help and completion are those of the core", async () => {
    assert.deepEqual([...SCHEMAS], core.schemaNames());
  });

  test("with a document for each rule are those for which the core makes them", () => {
    const takes = (name: (typeof SCHEMAS)[number]): boolean => {
      try {
        core.convert(lines[0] ?? "", { name, expand_rules: true } as Parameters<typeof core.convert>[1]);
        return true;
      } catch {
        return false;
      }
    };
    assert.deepEqual([...SCHEMAS_BY_RULE], SCHEMAS.filter(takes));
  });

  for (const schema of SCHEMAS) {
    test(`${schema}: documents are those of the library`, async () => {
      const { code, stdout } = await edgesiem(["decode", "--schema", schema], { input: page });
      assert.equal(code, 0);
      const expected = lines.flatMap((line) => core.convert(line, schema));
      assertSameText(stdout, expected.map((document) => `${document}\n`).join(""));
    });
  }

  test("options reach the schema, and --expand-rules gives a document for each rule", async () => {
    const args = ["decode", "--schema", "ocsf", "--expand-rules", "--option", "detection_finding=true", "--json"];
    const { code, stdout, stderr } = await edgesiem(args, { input: page });
    assert.equal(code, 0, stderr);
    const table = { name: "ocsf", expand_rules: true, detection_finding: true } as const;
    const expected = lines.flatMap((line) => core.convert(line, table));
    assertSameText(stdout, expected.map((document) => `${document}\n`).join(""));
    assert.ok(expected.length > lines.length);
    assert.equal((JSON.parse(stderr) as Summary).inputs[0]?.documents, expected.length);
  });

  const refused: [name: string, args: string[], says: RegExp][] = [
    ["a schema that is not there", ["--schema", "ecss"], /Allowed choices are decoded, raw, ecs/],
    ["an option that the schema has not", ["--schema", "ecs", "--option", "raw_data=true"], /^edgesiem: --option raw_data: unknown field/],
    ["an option without a value", ["--option", "raw_data"], /key=value/],
    ["rules where documents are the event", ["--expand-rules"], /^edgesiem: --expand-rules does not go with decoded; use --schema ecs, cef, ocsf, sentinel or otel\n$/],
    ["indented text", ["--schema", "cef", "--pretty"], /--pretty is for JSON/],
    ["a file that is not there", ["/nonexistent"], /cannot read \/nonexistent: no such file/],
    ["a folder", ["/"], /\/ is a folder/],
    ["standard input twice", ["-", "-"], /only once/],
  ];
  for (const [name, args, says] of refused) {
    test(`${name} is refused before anything is written`, async () => {
      const { code, stdout, stderr } = await edgesiem(["decode", ...args], { input: page });
      assert.equal(code, 2, stderr);
      assert.equal(stdout.length, 0);
      assert.match(stderr, says);
    });
  }

  test("rejects into an input are refused, and the input stays", async () => {
    const path = await file("kept.json", page);
    const { code, stderr } = await edgesiem(["decode", path, "--rejects", path]);
    assert.equal(code, 2);
    assert.match(stderr, /is one of the inputs/);
    assertSameText(await readFile(path), page);
  });

  test("rejects to where documents go are refused, and the file stays", async () => {
    const path = await file("both.ndjson", "before\n");
    const { code, stderr } = await finished("bash", ["--norc", "-c", '"$0" "$@" >> "$FILE"', process.execPath, CLI, "decode", "--rejects", path], { env: { FILE: path }, input: page });
    assert.equal(code, 2);
    assert.match(stderr, /^edgesiem: --rejects \S+ is where documents go\n {2}name another file\n$/);
    assertSameText(await readFile(path), "before\n");
  });
});

test("a file is not decoded into itself, which would have no end", async () => {
  const path = await file("circle.json", page);
  const { code, stderr } = await finished("bash", ["--norc", "-c", '"$0" "$@" >> "$FILE"', process.execPath, CLI, "decode", path], { env: { FILE: path } });
  assert.equal(code, 2);
  assert.match(stderr.toString(), /is both input and output/);
  const rejects = await file("precious.txt", "before\n");
  const words = ["decode", path, "--rejects", rejects];
  const second = await finished("bash", ["--norc", "-c", '"$0" "$@" >> "$FILE"', process.execPath, CLI, ...words], { env: { FILE: path } });
  assert.equal(second.code, 2);
  assertSameText(await readFile(rejects), "before\n", "a file of rejects is not emptied for nothing");
  assertSameText(await readFile(path), page);
});

describe("--pretty", () => {
  test("indents as JSON.stringify does, and changes no value", async () => {
    // Those that JSON.stringify writes as they are: it has no escaped slashes, for instance.
    const usual = documents.filter((document) => document === `${JSON.stringify(JSON.parse(document))}\n`);
    assert.ok(usual.length > 100, `${usual.length}`);
    const { stdout } = await edgesiem(["decode", "--pretty", "--schema", "raw"], { input: usual.join("") });
    const expected = usual.map((document) => `${JSON.stringify(JSON.parse(document), null, 2)}\n`).join("");
    assertSameText(stdout, expected);
  });

  test("keeps numbers as they are written, and bytes that are no text", async () => {
    const input = Buffer.from('{"n":1.0e400,"big":12345678901234567890,"e":[],"o":{ },"t":"\\u001b\u007f\u009b"}\n', "latin1");
    const { stdout } = await edgesiem(["decode", "--pretty", "--schema", "raw"], { input });
    const [raw] = (await edgesiem(["decode", "--schema", "raw"], { input })).stdout.toString("latin1").split("\n");
    assert.equal(stdout.toString("latin1").replaceAll(/\n */g, "").replaceAll('": ', '":'), raw?.replace("{ }", "{}"));
  });
});

describe("ends of pipes and disks", () => {
  test("a reader that has enough ends it quietly with 141, though more could be read", async () => {
    const child = spawn(...commandLine(["decode"], "socket"), { stdio: ["pipe", "pipe", "pipe"] });
    const said: Buffer[] = [];
    child.stderr.on("data", (chunk: Buffer) => said.push(chunk));
    child.stdin.on("error", () => undefined);
    const closed = once(child, "close");
    child.stdin.write(page.repeat(10));
    await once(child.stdout, "readable");
    child.stdout.destroy();
    assert.deepEqual(await closed, [141, null]);
    assert.equal(Buffer.concat(said).toString(), "");
  });

  test("so does a pipe", async () => {
    const path = await file("long.json", page.repeat(10));
    const { code, stdout, stderr } = await finished("bash", ["--norc", "-c", '"$0" "$@" | head -n 1; exit "${PIPESTATUS[0]}"', process.execPath, CLI, "decode", path]);
    assert.deepEqual([code, stderr], [141, ""]);
    assertSameText(stdout, documents[0] ?? "");
  });

  test("a full disk is an error of the output, with what to do", async () => {
    const full = await open("/dev/full", "w");
    const child = spawn(process.execPath, [CLI, "decode", await file("page.json", page)], { stdio: ["ignore", full.fd, "pipe"] });
    const said: Buffer[] = [];
    child.stderr?.on("data", (chunk: Buffer) => said.push(chunk));
    assert.deepEqual(await once(child, "close"), [3, null]);
    await full.close();
    assert.match(Buffer.concat(said).toString(), /^edgesiem: cannot write to stdout: no space left on device\n {2}\S/);
  });

  test("a compressed file that was cut gives what is in it, and an error", async () => {
    const path = await file("cut.gz", gzipSync(page).subarray(0, -500));
    const { code, stdout, stderr } = await edgesiem(["decode", path]);
    assert.equal(code, 3);
    assert.ok(decoded.startsWith(stdout.toString()) && stdout.length > 0);
    assert.match(stderr, /cut\.gz is not whole: unexpected end of file\n/);
  });

  const packed = gzipSync(page.repeat(8));
  const holed = Buffer.from(packed).fill(0xff, packed.length >> 1, (packed.length >> 1) + 40);
  const damaged: [string, Buffer][] = [
    ["other bytes behind it", Buffer.concat([packed, Buffer.from("junk")])],
    ["a wrong checksum", Buffer.concat([packed.subarray(0, -8), Buffer.alloc(8)])],
  ];
  for (const [name, bytes] of damaged) {
    test(`a compressed file with ${name} gives all that is in it, and an error`, async () => {
      const path = await file("damaged.gz", bytes);
      const { code, stdout, stderr } = await edgesiem(["decode", path]);
      assert.equal(code, 3);
      assertSameText(stdout, decoded.repeat(8));
      assert.match(stderr, /damaged\.gz is not whole: incorrect \S+ check\n {2}what came before was decoded; fetch the file again\n$/);
      const piped = await edgesiem(["decode"], { input: bytes });
      assert.equal(piped.code, 3);
      assert.ok(decoded.repeat(8).startsWith(piped.stdout.toString()));
      assert.match(piped.stderr, /stdin is not whole: .*\n {2}up to 256 KiB before that place are missing; save it to a file/);
    });
  }

  test("a compressed file with a hole gives as much as gzip finds in it", async () => {
    const path = await file("holed.gz", holed);
    const { stdout: before } = await finished("gzip", ["--decompress", "--stdout", path]);
    const good = before.toString().split("\n").findIndex((line, number) => line !== page.repeat(8).split("\n")[number]);
    const { code, stdout } = await edgesiem(["decode", path]);
    assert.equal(code, 3);
    assert.ok(good > lines.length, `${good} lines before the hole`);
    const contexts = Math.floor(good / (lines.length + 1));
    assertSameText(stdout.toString().split("\n").slice(0, good - contexts).join("\n"), decoded.repeat(8).split("\n").slice(0, good - contexts).join("\n"));
  });

  for (const channel of CHANNELS) {
    test(`a slow reader of a ${channel} gets everything`, async () => {
      const child = spawn(...commandLine(["decode"], channel), { stdio: ["pipe", "pipe", "ignore"] });
      child.stdin.end(page.repeat(20));
      const got: Buffer[] = [];
      let turns = 0;
      for await (const chunk of child.stdout as AsyncIterable<Buffer>) {
        got.push(chunk);
        // Every so often the channel is full: the command has to wait for room.
        if ((turns += 1) % 8 === 0) for (let i = 0; i < 50; i += 1) await new Promise(setImmediate);
      }
      assertSameText(Buffer.concat(got), decoded.repeat(20));
    });
  }
});
