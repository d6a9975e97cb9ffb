/** Help, version and wrong usage. */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { describe, test } from "node:test";

import { fitted } from "../../npm/src/cli/help-text.ts";
import { edgesiem, finished, CLI } from "./command.ts";

const COMMANDS = ["decode", "sign", "pull", "replay", "status", "check", "stream", "dead-letters", "report", "init", "completion"];

describe("--version", () => {
  test("is the package's, alone on a line", async () => {
    const manifest = JSON.parse(await readFile(new URL("../../npm/package.json", import.meta.url), "utf8")) as { version: string };
    for (const flag of ["--version", "-V"]) {
      const { code, stdout } = await edgesiem([flag]);
      assert.deepEqual([code, stdout.toString()], [0, `${manifest.version}\n`]);
    }
  });

  test("reads no WebAssembly", async () => {
    // A Node that may read no file but the command.
    const confined = (args: string[]) => finished(process.execPath, ["--permission", `--allow-fs-read=${CLI}`, CLI, ...args]);
    const { code, stderr } = await confined(["--version"]);
    assert.deepEqual([code, stderr], [0, ""]);
    assert.match((await confined(["decode"])).stderr, /core\.wasm/, "what does read it is refused");
  });
});

describe("help", () => {
  test("without arguments goes to stderr and is wrong usage", async () => {
    const { code, stdout, stderr } = await edgesiem([]);
    assert.deepEqual([code, stdout.length], [2, 0]);
    for (const command of COMMANDS) assert.match(stderr, new RegExp(`^ {2}${command} `, "m"));
  });

  test("that was asked for goes to stdout", async () => {
    const { code, stdout, stderr } = await edgesiem(["--help"]);
    assert.deepEqual([code, stderr], [0, ""]);
    assert.match(stdout.toString(), /^Examples:$/m);
  });

  for (const path of [...COMMANDS.filter((command) => !["dead-letters", "stream", "init"].includes(command)).map((command) => [command]), ["dead-letters", "list"], ["report", "data"]]) {
    test(`of ${path.join(" ")} has examples`, async () => {
      const { code, stdout } = await edgesiem([...path, "--help"]);
      assert.equal(code, 0);
      const [, examples = ""] = stdout.toString().split(/^Examples?:$/m);
      assert.match(examples, new RegExp(`\\bedgesiem ${path[0]}\\b`));
    });
  }

  test("of a command is the same by both names", async () => {
    const [flag, command] = await Promise.all([edgesiem(["decode", "--help"]), edgesiem(["help", "decode"])]);
    assert.equal(flag.stdout.toString(), command.stdout.toString());
  });
});

describe("help, on 80 columns", () => {
  const pages = async (): Promise<Map<string, string>> => {
    const found = new Map<string, string>();
    const visit = async (path: string[]): Promise<void> => {
      const text = (await edgesiem([...path, "--help"])).stdout.toString();
      found.set(path.join(" "), text);
      const [, commands = ""] = /^Commands:\n((?: .*\n)+)/m.exec(text) ?? [];
      for (const [, name = ""] of commands.matchAll(/^ {2}([a-z][\w-]*)/gm)) if (name !== "help") await visit([...path, name]);
    };
    await visit([]);
    return found;
  };

  test("is no wider, shows no empty defaults, and its examples are whole commands", async () => {
    const found = await pages();
    assert.ok(found.size > 15, [...found.keys()].join());
    for (const [name, text] of found) {
      for (const line of text.split("\n")) assert.ok(line.length <= 80, `${name}: ${line}`);
      assert.doesNotMatch(text, /default: (?:\[\]|\{\})/, name);
    }
    const { code, stdout } = await finished("sh", ["-c", /^ {2}(edgesiem decode --schema [^]*?[^\\])\n/m.exec(found.get("decode") ?? "")?.[1]?.replace("edgesiem", 'printf "%s|"') ?? "false"]);
    assert.deepEqual([code, stdout.toString()], [0, "decode|--schema|ecs|--expand-rules|--option|event_original=true|page.json.gz|"]);
  });

  const rows: [name: string, text: string, fits: string][] = [
    ["a paragraph is filled anew", `${"word ".repeat(16)}end.\nMore.`, `${"word ".repeat(7)}word\n${"word ".repeat(7)}word\nend. More.`],
    ["short lines stay lines", "One.\nTwo.\n\nThree.", "One.\nTwo.\n\nThree."],
    ["code stays as it is", `  ${"x ".repeat(40)}`, `  ${"x ".repeat(40)}`],
    ["a quoted word stays whole", `Examples:\n  edgesiem sign GET '/a long path with spaces in it' --curl`, `Examples:\n  edgesiem sign GET \\\n    '/a long path with spaces in it' \\\n    --curl`],
    ["an option keeps its value", "Examples:\n  edgesiem replay --json --config edgesiem.toml", "Examples:\n  edgesiem replay --json \\\n    --config edgesiem.toml"],
    ["a remark goes below", "Examples:\n  edgesiem decode page.json     decode a page", "Examples:\n  edgesiem decode page.json\n      decode a page"],
  ];
  for (const [name, text, fits] of rows) test(name, () => assert.equal(fitted(text, 40), fits));
});

describe("a reader that went away ends it quietly with 141", () => {
  for (const args of [["--help"], ["--version"], ["help", "decode"], ["sign", "--help"], ["completion", "bash"]]) {
    test(args.join(" "), async () => {
      const child = spawn(process.execPath, [CLI, ...args], { stdio: ["ignore", "pipe", "pipe"] });
      // Long before it writes: it has to start first.
      child.stdout.destroy();
      const said: Buffer[] = [];
      child.stderr.on("data", (chunk: Buffer) => said.push(chunk));
      assert.deepEqual(await once(child, "close"), [141, null]);
      assert.equal(Buffer.concat(said).toString(), "");
    });
  }

  test("but one of stderr changes nothing", async () => {
    const child = spawn(process.execPath, [CLI, "decod"], { stdio: ["ignore", "ignore", "pipe"] });
    child.stderr.destroy();
    assert.deepEqual(await once(child, "close"), [2, null]);
  });
});

describe("wrong usage exits with 2 and says where help is", () => {
  const rows: [name: string, args: string[], says: RegExp][] = [
    ["an unknown option", ["decode", "--scheme", "x"], /unknown option '--scheme'\n\(Did you mean --schema\?\)\n.*edgesiem decode --help/],
    ["an unknown command", ["decod"], /unknown command 'decod'\n\(Did you mean decode\?\)\n.*edgesiem --help/],
    ["a missing argument", ["sign", "GET"], /missing required argument 'url'\n.*edgesiem sign --help/],
    ["a missing value", ["decode", "--rejects"], /argument missing\n.*edgesiem decode --help/],
    ["too many arguments", ["completion", "bash", "zsh"], /too many arguments/],
  ];
  for (const [name, args, says] of rows) {
    test(name, async () => {
      const { code, stdout, stderr } = await edgesiem(args);
      assert.equal(code, 2);
      assert.equal(stdout.length, 0);
      assert.match(stderr, says);
      assert.match(stderr, /^edgesiem: /);
    });
  }
});
