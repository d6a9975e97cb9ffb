/** The built command as a child process. */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

/** Built by `cargo xtask npm`, or by `node npm/build.mjs` from what `cargo xtask wasm` made. */
export const CLI = fileURLToPath(new URL("../../npm/dist/cli.js", import.meta.url));

/** The built library, whose types are those of its source. */
export const library = (await import(new URL("../../npm/dist/node.js", import.meta.url).href)) as typeof import("../../npm/src/index.ts");

export interface Finished {
  /** `null` if a signal ended it. */
  code: number | null;
  stdout: Buffer;
  stderr: string;
}

export interface RunOptions {
  /** What it reads; nothing if left out. */
  input?: string | Uint8Array;
  /** Variables beside PATH; those of this process do not leak in. */
  env?: Record<string, string>;
  cwd?: string;
  /** What its standard input and output are: `socket`, as Node connects its children, or `pipe`, as a shell does. */
  channel?: Channel;
}

export type Channel = "socket" | "pipe";

/** The words that start `edgesiem` so that it reads and writes channels of this kind. */
export function commandLine(args: readonly string[], channel: Channel): [program: string, args: string[]] {
  const words = [process.execPath, CLI, ...args];
  return channel === "socket" ? [process.execPath, words.slice(1)] : ["bash", ["--norc", "-c", 'cat | "$0" "$@" | cat; exit "${PIPESTATUS[1]}"', ...words]];
}

/** Runs `edgesiem` with arguments to its end. */
export async function edgesiem(args: readonly string[], options: RunOptions = {}): Promise<Finished> {
  const [program, words] = commandLine(args, options.channel ?? "socket");
  return await finished(program, words, options);
}

/** Runs any program to its end. */
export async function finished(program: string, args: readonly string[], options: RunOptions = {}): Promise<Finished> {
  const child = spawn(program, args, { cwd: options.cwd, env: { PATH: process.env["PATH"] ?? "", ...options.env } });
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => stdout.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => stderr.push(chunk));
  // A child that reads nothing may end before it was given everything.
  child.stdin.on("error", () => undefined);
  child.stdin.end(options.input);
  const [code] = (await once(child, "close")) as [number | null];
  return { code, stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr).toString() };
}

/** Fails if two texts differ, and shows where they begin to: a megabyte of both helps nobody. */
export function assertSameText(actual: Uint8Array | string, expected: Uint8Array | string, about = ""): void {
  const [a, e] = [Buffer.from(actual).toString("latin1"), Buffer.from(expected).toString("latin1")];
  if (a === e) return;
  let at = 0;
  while (a[at] === e[at]) at += 1;
  const part = (text: string): string => text.slice(Math.max(0, at - 40), at + 80);
  assert.deepEqual({ length: a.length, at, text: part(a) }, { length: e.length, at, text: part(e) }, about === "" ? undefined : about);
}
