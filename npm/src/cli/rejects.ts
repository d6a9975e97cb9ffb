/** The file of rejected lines, untouched, so that they can be repaired and decoded again. */

import { closeSync, fstatSync, ftruncateSync, openSync, writeSync } from "node:fs";

import type { RejectedLine } from "../index.ts";
import { CommandError, EXIT, reasonOf } from "./exit.ts";
import type { Input } from "./input.ts";

const LF = new Uint8Array([0x0a]);

export class Rejects {
  readonly #path: string;
  readonly #fd: number;

  /** Opens the file, which must be neither one of the inputs nor the output, and empties it. */
  constructor(path: string, inputs: readonly Input[]) {
    this.#path = path;
    this.#fd = attempt(path, EXIT.usage, () => openSync(path, "a", 0o600));
    const stat = fstatSync(this.#fd);
    if (inputs.some((input) => input.identity === `${stat.dev}:${stat.ino}`)) {
      throw new CommandError(`--rejects ${path} is one of the inputs`, EXIT.usage, "name another file");
    }
    const output = fstatSync(1);
    // A device may be both, such as /dev/null.
    if (stat.isFile() && stat.dev === output.dev && stat.ino === output.ino) {
      throw new CommandError(`--rejects ${path} is where documents go`, EXIT.usage, "name another file");
    }
    if (stat.isFile()) ftruncateSync(this.#fd);
  }

  /** Keeps a line, or the next part of one that is too long, as it came. */
  write({ bytes, part }: RejectedLine): void {
    attempt(this.#path, EXIT.failed, () => {
      writeWhole(this.#fd, bytes);
      if (part === undefined || part.last) writeWhole(this.#fd, LF);
    });
  }

  close(): void {
    attempt(this.#path, EXIT.failed, () => closeSync(this.#fd));
  }
}

function writeWhole(fd: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at);
}

function attempt<T>(path: string, exitCode: 2 | 3, action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw new CommandError(`cannot write ${path}: ${reasonOf(error)}`, exitCode, "check the path, the permissions and the room");
  }
}
