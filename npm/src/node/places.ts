/** Places of this machine that events can be written to: files and standard output. */

import { constants, write } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { dirname } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { PipelineHost, WriteAnswer, WriteRequest } from "../pipeline/host.ts";
import { errorCode, syncFolder } from "./atomic.ts";

const STDOUT = 1;
/** A pipe that does not block says that it is full; so long we wait before we ask again. */
const FULL_PIPE_MS = 5;

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
 * owner only (0600); folders are not made.
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
  /** The newest write to each place that is under way. */
  const underWay = new Map<string, Promise<WriteAnswer>>();
  const { shown } = options;
  const writeNow = ({ place, path, body }: WriteRequest): Promise<WriteAnswer> =>
    place === "file" ? appendToFile(path, body) : writeToStdout(shown === undefined ? body : shown(body));
  return {
    places: ["file", "stdout"],
    async write(request) {
      const place = request.place === "file" ? `file ${request.path}` : "stdout";
      const turn = (underWay.get(place) ?? Promise.resolve()).catch(() => undefined).then(() => writeNow(request));
      underWay.set(place, turn);
      try {
        return await turn;
      } finally {
        if (underWay.get(place) === turn) underWay.delete(place);
      }
    },
  };
}

async function appendToFile(path: string, body: Uint8Array): Promise<WriteAnswer> {
  try {
    const { file, isNew } = await openToAppend(path);
    try {
      await append(file, body);
    } finally {
      await file.close();
    }
    if (isNew) await syncFolder(dirname(path));
    return { status: 200 };
  } catch (error) {
    return refusal(error);
  }
}

/** A pipe without a reader would keep us waiting: NONBLOCK makes it an error. */
const APPEND = constants.O_WRONLY | constants.O_APPEND | (constants.O_NONBLOCK ?? 0);

async function openToAppend(path: string): Promise<{ file: FileHandle; isNew: boolean }> {
  try {
    return { file: await open(path, APPEND), isNew: false };
  } catch (error) {
    if (errorCode(error) !== "ENOENT") throw error;
  }
  try {
    return { file: await open(path, APPEND | constants.O_CREAT | constants.O_EXCL, 0o600), isNew: true };
  } catch (error) {
    // A link that leads to a file which is not there, or somebody made it meanwhile.
    if (errorCode(error) !== "EEXIST") throw error;
    return { file: await open(path, APPEND | constants.O_CREAT, 0o600), isNew: true };
  }
}

async function append(file: FileHandle, body: Uint8Array): Promise<void> {
  const before = await file.stat();
  try {
    await writeAll(body, async (from) => (await file.write(body, from)).bytesWritten);
    if (before.isFile()) await file.sync();
  } catch (error) {
    // The next attempt appends all of it: what is there of it now would be there twice.
    if (before.isFile()) await file.truncate(before.size).catch(() => undefined);
    throw error;
  }
}

async function writeToStdout(body: Uint8Array): Promise<WriteAnswer> {
  try {
    // Not through process.stdout: its writes to pipes block everything else, signals too, while the reader is slow.
    await writeAll(body, (from) => writeSome(body, from));
    return { status: 200 };
  } catch (error) {
    return errorCode(error) === "EPIPE" ? { status: 410, message: "nobody reads standard output" } : { status: 503, message: reason(error) };
  }
}

async function writeAll(body: Uint8Array, writeFrom: (from: number) => Promise<number>): Promise<void> {
  for (let written = 0; written < body.length; ) {
    try {
      written += await writeFrom(written);
    } catch (error) {
      const code = errorCode(error);
      if (code === "EAGAIN" || code === "EWOULDBLOCK") await pause(FULL_PIPE_MS);
      else if (code !== "EINTR") throw error;
    }
  }
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
