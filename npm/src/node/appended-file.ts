/** A file that batches are appended to, whole or not at all as far as that can be had. */

import { constants, type BigIntStats } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { dirname } from "node:path";
import { errorCode, syncFolder } from "./atomic.ts";
import { endsLine, isGzip, onLineOfItsOwn, writeAll } from "./lines.ts";

/** A pipe without a reader, or without a writer, would keep us waiting. */
const WITHOUT_WAITING = constants.O_NONBLOCK ?? 0;
const APPEND = constants.O_WRONLY | constants.O_APPEND | WITHOUT_WAITING;
const READ = constants.O_RDONLY | WITHOUT_WAITING;

/** An open file. Two `append`s to one file must not be under way at once, whatever its names. */
export class AppendedFile {
  /** The same for all names of the file. */
  readonly identity: string;
  readonly #path: string;
  readonly #file: FileHandle;
  readonly #isNew: boolean;

  private constructor(path: string, file: FileHandle, isNew: boolean, identity: string) {
    this.#path = path;
    this.#file = file;
    this.#isNew = isNew;
    this.identity = identity;
  }

  /** Opens the file, or makes it for its owner only. */
  static async open(path: string): Promise<AppendedFile> {
    const { file, isNew } = await openToAppend(path);
    try {
      return new AppendedFile(path, file, isNew, identityOf(await file.stat({ bigint: true })));
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  /**
   * Appends the body, after the end of a line if the file has a last line without one (a process was killed, or the power failed),
   * and returns when it is safe on disk. If it throws, the file is as it was before, or has the end of a line after what was written.
   */
  async append(body: Uint8Array): Promise<void> {
    const before = await this.#file.stat();
    if (!before.isFile()) {
      const { error } = await this.#write(body);
      if (error !== undefined) throw error;
      return;
    }
    const bytes = (await this.#isTorn(before.size)) ? onLineOfItsOwn(body) : body;
    const { written, error } = await this.#write(bytes);
    try {
      if (error !== undefined) throw error;
      await this.#file.sync();
      if (this.#isNew) await syncFolder(dirname(this.#path));
    } catch (error) {
      // The next attempt appends all of it: what is there of it now would be there twice.
      if (written > 0) await this.#takeBack(before.size, bytes.subarray(0, written)).catch(() => undefined);
      throw error;
    }
  }

  #write(bytes: Uint8Array): ReturnType<typeof writeAll> {
    return writeAll(bytes, async (from) => (await this.#file.write(bytes, from)).bytesWritten);
  }

  /** Other processes may append too, and have been told by now that what they wrote is safe. */
  async #takeBack(before: number, written: Uint8Array): Promise<void> {
    const { size } = await this.#file.stat();
    if (size === before + written.length) {
      try {
        return await this.#file.truncate(before);
      } catch {
        // Windows, and files that can only be appended to.
      }
    }
    // Nobody else's batch may follow the part of a line that is ours.
    if (!isGzip(written) && (await this.#isTorn(size))) await this.#file.write("\n");
  }

  /** Whether the file ends within a line; `false` also if that cannot be seen, as the file must be appended to only. */
  async #isTorn(size: number): Promise<boolean> {
    if (size === 0) return false;
    let reader: FileHandle;
    try {
      // Not the file that is written to: opening that for both would let pipes without a reader pass.
      reader = await open(this.#path, READ);
    } catch {
      return false;
    }
    try {
      // Moved meanwhile: the path leads to another one.
      if (identityOf(await reader.stat({ bigint: true })) !== this.identity) return false;
      const { buffer, bytesRead } = await reader.read(new Uint8Array(1), 0, 1, size - 1);
      return !endsLine(buffer.subarray(0, bytesRead));
    } finally {
      await reader.close();
    }
  }
}

function identityOf({ dev, ino }: BigIntStats): string {
  return `${dev}:${ino}`;
}

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
