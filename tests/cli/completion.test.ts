/** Completion, asked of the shells themselves as far as they are on this machine. */

import assert from "node:assert/strict";
import { mkdtemp, mkdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";

import { SCHEMAS } from "../../npm/src/cli/schemas.ts";
import { edgesiem, finished } from "./command.ts";

let folder = "";
let script = "";
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "edgesiem-completion-"));
  script = join(folder, "completion.bash");
  await writeFile(script, (await edgesiem(["completion", "bash"])).stdout);
  await mkdir(join(folder, "work", "pages"), { recursive: true });
  for (const name of ["page 1.json", "page-2.json"]) await writeFile(join(folder, "work", name), "");
});
after(() => rm(folder, { recursive: true }));

/** What bash would offer at the end of these words. */
async function offered(...words: string[]): Promise<string[]> {
  const program = `source "$0"
    COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
    compopt() { :; }  # It works only where a key was pressed.
    _edgesiem
    printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { code, stdout, stderr } = await finished("bash", ["--norc", "-c", program, script, "edgesiem", ...words], { cwd: join(folder, "work") });
  assert.deepEqual([code, stderr], [0, ""]);
  return stdout.toString().split("\n").filter((word) => word !== "").sort();
}

describe("bash", () => {
  test("offers the commands", async () => {
    const commands = await offered("");
    for (const command of ["decode", "sign", "pull", "replay", "status", "check", "dead-letters", "init", "stream", "report", "completion", "--help"]) assert.ok(commands.includes(command), command);
    assert.deepEqual(await offered("dec"), ["decode"]);
  });

  test("offers the options of the command", async () => {
    assert.deepEqual(await offered("decode", "--re"), ["--rejects"]);
    assert.deepEqual(await offered("sign", "GET", "/", "--ex"), ["--explain"]);
    assert.deepEqual(await offered("sign", "--rejects"), []);
  });

  test("offers values, also behind an equals sign, which bash makes a word", async () => {
    const schemas = [...SCHEMAS].sort();
    assert.deepEqual(await offered("decode", "--schema", ""), schemas);
    assert.deepEqual(await offered("decode", "--schema", "=", "oc"), ["ocsf"]);
    assert.deepEqual(await offered("decode", "--schema", "="), schemas);
    assert.deepEqual(await offered("completion", "b"), ["bash"]);
  });

  test("offers what stands below report, and its formats", async () => {
    assert.deepEqual(await offered("report", "s"), ["sources", "stores"]);
    assert.deepEqual(await offered("report", "data", "12332", "--format", ""), ["csv", "json", "table"]);
    assert.deepEqual(await offered("report", "data", "--dim"), ["--dimensions"]);
  });

  test("offers files where files are meant", async () => {
    assert.deepEqual(await offered("decode", "page"), ["page 1.json", "page-2.json", "pages"]);
    assert.deepEqual(await offered("decode", "--rejects", "page-"), ["page-2.json"]);
    assert.deepEqual(await offered("sign", "page"), []);
  });

  test("knows commands below commands, and takes no argument for a command", async () => {
    assert.deepEqual(await offered("dead-letters", "li"), ["list"]);
    assert.ok((await offered("decode", "sign", "--s")).includes("--schema"));
  });
});

describe("bash, below the second level", () => {
  test("offers the options of the command", async () => {
    const options = await offered("stream", "pause", "-");
    for (const option of ["--config", "-c", "--state", "--json"]) assert.ok(options.includes(option), option);
    assert.deepEqual(await offered("stream", "reset", "--conf"), ["--config", "--confirm"]);
    assert.ok((await offered("dead-letters", "list", "--")).includes("--limit"));
    assert.deepEqual(await offered("dead-letters", "show", "--lim"), []);
  });

  test("offers no commands once more behind an option with a value", async () => {
    for (const option of [["-c", "x.toml"], ["--config", "=", "x.toml"], ["--config", "pause"]]) {
      const words = await offered("stream", "pause", ...option, "");
      assert.ok(words.includes("--json"), option.join(" "));
      assert.ok(!words.includes("resume"), option.join(" "));
    }
    assert.deepEqual(await offered("stream", "pause", "--config", "page-"), ["page-2.json"]);
  });

  test("takes no value of an option for a command", async () => {
    assert.deepEqual(await offered("pull", "--stream", "status", "--foll"), ["--follow"]);
    assert.deepEqual(await offered("dead-letters", "replay", "--fr"), [], "`replay` alone has --from");
    assert.deepEqual(await offered("replay", "--stream", "list", "--fr"), ["--from"]);
  });
});

describe("fish and zsh", () => {
  const of = async (shell: string): Promise<string> => (await edgesiem(["completion", shell])).stdout.toString();

  test("have the options of commands below commands where these are", async () => {
    const fish = await of("fish");
    assert.match(fish, /^complete -c edgesiem -n '__edgesiem_at \\'stream reset\\'' -l confirm -r -f /m);
    assert.match(fish, /^complete -c edgesiem -n '__edgesiem_at \\'\\'' -a stream /m);
    assert.match(fish, /^ +case .*'dead-letters:replay'/m);
    assert.match(fish, /^ +case .*'stream reset:--confirm'/m);
    assert.match(await of("zsh"), /^_edgesiem_stream_reset\(\) \{\n(?: .*\n)*.*--confirm=/m);
  });
});

describe("scripts", () => {
  test("of every shell name every command", async () => {
    const help = (await edgesiem(["--help"])).stdout.toString();
    const commands = [...help.matchAll(/^ {2}([a-z][\w-]*)(?= )/gm)].map(([, name]) => name ?? "").filter((name) => !["help", "edgesiem"].includes(name));
    assert.ok(commands.length >= 8, help);
    for (const shell of ["bash", "zsh", "fish"]) {
      const { code, stdout } = await edgesiem(["completion", shell]);
      assert.equal(code, 0);
      for (const command of commands) assert.match(stdout.toString(), new RegExp(`\\b${command}\\b`), `${shell}: ${command}`);
    }
  });

  test("for another shell are refused with those that there are", async () => {
    const { code, stderr } = await edgesiem(["completion", "tcsh"]);
    assert.equal(code, 2);
    assert.match(stderr, /bash, zsh, fish/);
  });
});
