/**
 * Documents of a schema, as the Rust code writes them.
 *
 * They come from the example `schema-convert` of crates/schemas, because the npm package takes no options; documents.test.ts
 * shows that both write the same bytes. `EDGESIEM_SCHEMA_CONVERT` names the program if it is built already.
 */

import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const NEWLINE = 0x0a;
/** More than any output of the tests, and less than the machine has. */
const MOST_OUTPUT_BYTES = 1 << 30;

export const SCHEMAS = ["ecs", "ocsf", "cef", "otel", "sentinel"] as const;
export type SchemaName = (typeof SCHEMAS)[number] | "raw" | "decoded";
export type Options = Readonly<Record<string, boolean | string>>;

/** The lines as documents, without their line feeds. Throws if a line is refused: every line of the tests is an event. */
export function convert(schema: SchemaName, lines: readonly Uint8Array[], options: Options = {}): Buffer[] {
  const program = process.env["EDGESIEM_SCHEMA_CONVERT"];
  const [command, ...first] = program === undefined
    ? ["cargo", "run", "--quiet", "--profile", "test", "--package", "edgesiem-schemas", "--example", "schema-convert", "--"]
    : [program];
  const { status, stdout, stderr, error } = spawnSync(command as string, [...first, schema, JSON.stringify(options)], {
    cwd: ROOT,
    input: joined(lines),
    maxBuffer: MOST_OUTPUT_BYTES,
  });
  if (error) throw error;
  if (status !== 0) throw new Error(`schema-convert ${schema} ended with ${status}: ${stderr.toString().slice(0, 2000)}`);
  return splitLines(stdout);
}

/** Lines, each with a line feed behind it. */
export function joined(lines: readonly Uint8Array[]): Buffer {
  const newline = Buffer.of(NEWLINE);
  return Buffer.concat(lines.flatMap((line) => [line, newline]));
}

export function splitLines(bytes: Buffer): Buffer[] {
  const lines: Buffer[] = [];
  let start = 0;
  for (let end = bytes.indexOf(NEWLINE); end !== -1; end = bytes.indexOf(NEWLINE, start)) {
    lines.push(bytes.subarray(start, end));
    start = end + 1;
  }
  if (start !== bytes.length) throw new Error("the last document has no line feed behind it");
  return lines;
}

const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Text of a document, which must be UTF-8. */
export const textOf = (document: Uint8Array): string => UTF8.decode(document);

/** Runs a program of this folder with the Python that `cargo xtask receivers` sets up. It reads documents and writes lines. */
export function python(program: string, documents: readonly Uint8Array[]): Buffer[] {
  const folder = process.env["EDGESIEM_RECEIVERS"];
  if (folder === undefined) throw new Error("EDGESIEM_RECEIVERS is not set: run `cargo xtask receivers`, which sets it");
  const file = fileURLToPath(new URL(program, import.meta.url));
  const { status, stdout, stderr, error } = spawnSync(`${folder}/bin/python`, [file], { input: joined(documents), maxBuffer: MOST_OUTPUT_BYTES });
  if (error) throw error;
  if (status !== 0) throw new Error(`${program} ended with ${status}: ${stderr.toString().slice(-2000)}`);
  return splitLines(stdout);
}
