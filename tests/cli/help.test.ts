/** Help, version and wrong usage. */

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { describe, test } from "node:test";

import { edgesiem, finished, CLI } from "./command.ts";

const COMMANDS = ["decode", "sign", "pull", "replay", "status", "check", "dead-letters", "completion"];

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

  for (const path of [...COMMANDS.filter((command) => command !== "dead-letters").map((command) => [command]), ["dead-letters", "list"]]) {
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
