/** Places of this machine that events can be written to: files and standard output. */

import { write } from "node:fs";
import type { PipelineHost, WriteAnswer, WriteRequest } from "../pipeline/host.ts";
import { AppendedFile } from "./appended-file.ts";
import { errorCode } from "./atomic.ts";
import { endsLine, onLineOfItsOwn, writeAll } from "./lines.ts";
import { Turns } from "./turns.ts";

const STDOUT = 1;

/** What can be set about places. */
export interface PlacesOptions {
  /**
   * What is written to standard output instead of the body, for terminals, on which control characters of what others wrote do
   * harm. A file and a pipe get every byte as it is.
   */
  shown?: (body: Uint8Array) => Uint8Array;
}

/**
 * Lets a pipeline write to files and to standard output of this machine: spread it into the host. The sinks `file` and `stdout` need it.
 *
 * A batch counts as delivered when it is safe on disk (`fsync`), or when the last byte is in the pipe. Files are made for their
 * owner only (0600); folders are not made. What a write that failed has left of a line is ended before the next batch, and so is a
 * part of a line at the end of a file, unless the batch is compressed (gzip).
 *
 * @example
 * ```ts
 * import { mkdtemp, readFile } from "node:fs/promises";
 * import { tmpdir } from "node:os";
 * import { join } from "node:path";
 * import { localPlaces } from "edgesiem/node";
 *
 * const { write } = localPlaces();
 * const path = join(await mkdtemp(join(tmpdir(), "edgesiem-")), "events.ndjson");
 * console.log(await write({ place: "file", path, body: new TextEncoder().encode("{}\n") })); // { status: 200 }
 * console.log((await readFile(path, "utf8")).trim()); // {}
 * ```
 */
export function localPlaces(options: PlacesOptions = {}): Required<Pick<PipelineHost, "places" | "write">> {
  const { shown } = options;
  return {
    places: ["file", "stdout"],
    write: ({ place, path, body }: WriteRequest) =>
      // Paths in turn, so that batches for one are appended in the order in which they were handed in.
      place === "file"
        ? turns.take(`path ${path}`, () => appendToFile(path, body))
        : turns.take("stdout", () => writeToStdout(shown === undefined ? body : shown(body))),
  };
}

/** Of this process as a whole, as its files and its standard output are. */
const turns = new Turns();

async function appendToFile(path: string, body: Uint8Array): Promise<WriteAnswer> {
  try {
    const file = await AppendedFile.open(path);
    try {
      // Links, relative paths and mounts give one file many names.
      await turns.take(`file ${file.identity}`, () => file.append(body));
    } finally {
      await file.close();
    }
    return { status: 200 };
  } catch (error) {
    return refusal(error);
  }
}

/** Whether the last that got out is a part of a line, because writing the rest of it failed. */
let isStdoutTorn = false;

async function writeToStdout(body: Uint8Array): Promise<WriteAnswer> {
  const bytes = isStdoutTorn ? onLineOfItsOwn(body) : body;
  // Not through process.stdout: its writes to pipes block everything else, signals too, while the reader is slow.
  const { written, error } = await writeAll(bytes, (from) => writeSome(bytes, from));
  if (written > 0) isStdoutTorn = written < bytes.length && !endsLine(bytes.subarray(0, written));
  if (error === undefined) return { status: 200 };
  return errorCode(error) === "EPIPE" ? { status: 410, message: "nobody reads standard output" } : { status: 503, message: reason(error) };
}

function writeSome(body: Uint8Array, from: number): Promise<number> {
  return new Promise((resolve, reject) => {
    write(STDOUT, body, from, body.length - from, null, (error, written) => (error === null ? resolve(written) : reject(error)));
  });
}

const STATUS_OF: Readonly<Record<string, number>> = {
  ENOENT: 404,
  ENOTDIR: 404,
  EACCES: 403,
  EPERM: 403,
  EROFS: 403,
  EISDIR: 403,
  ELOOP: 403,
};

function refusal(error: unknown): WriteAnswer {
  return { status: STATUS_OF[errorCode(error) ?? ""] ?? 503, message: reason(error) };
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
