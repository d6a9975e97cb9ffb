/** Files, pipes and standard input as chunks, with no more turns of the event loop than there are waits. */

import { closeSync, createReadStream, fstatSync, openSync, readSync, statSync, type Stats } from "node:fs";
import { Socket } from "node:net";
import { Readable } from "node:stream";
import { isatty } from "node:tty";
import { createGunzip, type Gunzip } from "node:zlib";

import { CommandError, EXIT, reasonOf, type ExitCode } from "./exit.ts";

const STDIN = 0;
/**
 * How much is read at once. A pipe of Linux holds 64 KiB; from files no more is read either, because then the documents of a
 * chunk fit into a pipe on the other side, and reader, decoder and writer work at the same time without a thread.
 */
const CHUNK_BYTES = 64 * 1024;
const GUNZIP_CHUNK_BYTES = 256 * 1024;
const GZIP_MAGIC = [0x1f, 0x8b] as const;

/** An input that is there. */
export interface Input {
  /** The path, or `stdin`. */
  name: string;
  /** `undefined`: standard input. */
  path: string | undefined;
  /** Its size in bytes, if that is known and is what will be read. */
  bytes: number | undefined;
  isTerminal: boolean;
  /** Which file it is, to compare with another one. */
  identity: string;
}

/** Looks at a path, or at standard input for `-`. Nothing is opened yet: a folder may have more pages than a process may open. */
export function findInput(path: string): Input {
  if (path === "-") return { ...facts(fstatSync(STDIN)), name: "stdin", path: undefined, isTerminal: isatty(STDIN) };
  try {
    const stat = statSync(path);
    if (stat.isDirectory()) throw new CommandError(`${path} is a folder`, EXIT.usage, "name the files in it");
    return { ...facts(stat), name: path, path, isTerminal: false };
  } catch (error) {
    throw unreadable(path, error, EXIT.usage);
  }
}

function facts(stat: Stats): Pick<Input, "bytes" | "identity"> {
  return { bytes: stat.isFile() ? stat.size : undefined, identity: `${stat.dev}:${stat.ino}` };
}

function unreadable(name: string, error: unknown, exitCode: ExitCode): CommandError {
  if (error instanceof CommandError) return error;
  return new CommandError(`cannot read ${name}: ${reasonOf(error)}`, exitCode, "check the path and the permissions");
}

/** What is done while there is nothing to read. Resolves with whether to look again at once instead of waiting. */
export type Idle = () => Promise<boolean>;

/**
 * The bytes of an input, unpacked if it begins like gzip. A chunk is valid until the next one is asked for.
 *
 * @example
 * ```ts
 * for await (const chunk of chunksOf(findInput("-"), async () => false)) count += chunk.length;
 * ```
 */
export async function* chunksOf(input: Input, idle: Idle): AsyncGenerator<Uint8Array> {
  let isPacked = false;
  // What was unpacked may still be there to be taken.
  const raw = rawChunks(input, async () => !isPacked && (await idle()));
  const first = await raw.next();
  if (first.done === true) return;
  const chunk = first.value;
  isPacked = chunk[0] === GZIP_MAGIC[0] && (chunk[1] ?? GZIP_MAGIC[1]) === GZIP_MAGIC[1];
  if (isPacked) {
    yield* unpacked(input, chunk, raw, idle);
    return;
  }
  yield chunk;
  yield* raw;
}

async function* unpacked(input: Input, first: Uint8Array, rest: AsyncIterable<Uint8Array>, idle: Idle): AsyncGenerator<Uint8Array> {
  const file = input.bytes === undefined ? undefined : input.path;
  // Its size says nothing of how much will come out.
  input.bytes = undefined;
  async function* copies(): AsyncGenerator<Uint8Array> {
    yield Buffer.from(first);
    for await (const chunk of rest) yield Buffer.from(chunk);
  }
  const gunzip = createGunzip({ chunkSize: GUNZIP_CHUNK_BYTES });
  let given = 0;
  try {
    for await (const chunk of through(gunzip, copies(), idle)) {
      given += chunk.length;
      yield chunk;
    }
  } catch (error) {
    if (!isOfZlib(error)) throw error;
    // Cut files end between two steps.
    const isCut = error.code === "Z_BUF_ERROR";
    if (file !== undefined && !isCut) yield* restOfDamaged(file, gunzip.bytesWritten, given, idle);
    const isComplete = file !== undefined || isCut;
    const missing = `up to ${GUNZIP_CHUNK_BYTES / 1024} KiB before that place are missing; save it to a file and decode that, or fetch it again`;
    throw new CommandError(`${input.name} is not whole: ${reasonOf(error)}`, EXIT.failed, isComplete ? "what came before was decoded; fetch the file again" : missing);
  }
}

/**
 * What of a damaged file was not given yet. zlib keeps what it unpacked in the step that failed for itself, and after `bytesWritten`
 * packed bytes that step began; with a byte at a time there is nothing to keep.
 */
async function* restOfDamaged(path: string, bytesWritten: number, given: number, idle: Idle): AsyncGenerator<Uint8Array> {
  async function* inSteps(): AsyncGenerator<Uint8Array> {
    if (bytesWritten > 0) yield* createReadStream(path, { end: bytesWritten - 1 }) as AsyncIterable<Buffer>;
    for await (const chunk of createReadStream(path, { start: bytesWritten }) as AsyncIterable<Buffer>) {
      for (let at = 0; at < chunk.length; at += 1) yield chunk.subarray(at, at + 1);
    }
  }
  let toSkip = given;
  try {
    for await (const chunk of through(createGunzip({ chunkSize: GUNZIP_CHUNK_BYTES }), inSteps(), idle)) {
      const skipped = Math.min(toSkip, chunk.length);
      toSkip -= skipped;
      if (skipped < chunk.length) yield chunk.subarray(skipped);
    }
  } catch (error) {
    // The same as before, of which the caller speaks.
    if (!isOfZlib(error)) throw error;
  }
}

function isOfZlib(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && "code" in error && typeof error.code === "string" && error.code.startsWith("Z_");
}

async function* through(gunzip: Gunzip, chunks: AsyncIterable<Uint8Array>, idle: Idle): AsyncGenerator<Uint8Array> {
  const packed = Readable.from(chunks, { objectMode: false, highWaterMark: 4 * CHUNK_BYTES });
  packed.on("error", (error) => gunzip.destroy(error));
  packed.pipe(gunzip);
  let wake: (() => void) | undefined;
  for (const event of ["readable", "end", "error"]) gunzip.on(event, () => wake?.());
  try {
    // Not `for await`, which leaves out what was unpacked before an error and not taken yet.
    for (;;) {
      const isChanged = new Promise<void>((resolve) => (wake = resolve));
      const chunk = gunzip.read() as Uint8Array | null;
      if (chunk !== null) {
        yield chunk;
        continue;
      }
      if (gunzip.errored !== null) throw gunzip.errored;
      if (gunzip.readableEnded) return;
      if (!(await idle())) await isChanged;
    }
  } finally {
    packed.destroy();
  }
}

async function* rawChunks(input: Input, idle: Idle): AsyncGenerator<Uint8Array> {
  const fd = input.path === undefined ? STDIN : open(input.path);
  const stat = fstatSync(fd);
  const isPipe = stat.isFIFO();
  const isReadDirectly = process.platform !== "win32" && !input.isTerminal && (isPipe || stat.isFile() || stat.isCharacterDevice());
  if (!isReadDirectly) {
    yield* streamed(fd, idle);
    return;
  }
  const buffer = Buffer.allocUnsafeSlow(CHUNK_BYTES);
  const waiter = isPipe ? new PipeWaiter(fd) : undefined;
  try {
    for (;;) {
      const early = waiter?.takeEarly();
      const bytes = early === undefined ? readNow(input.name, fd, buffer) : early.length;
      if (bytes === 0) return;
      if (bytes !== undefined) {
        yield early ?? buffer.subarray(0, bytes);
        continue;
      }
      if (await idle()) continue;
      await (waiter === undefined ? waitBriefly() : waiter.ready());
    }
  } finally {
    if (waiter !== undefined) waiter.close();
    else if (fd !== STDIN) closeSync(fd);
  }
}

function open(path: string): number {
  try {
    return openSync(path, "r");
  } catch (error) {
    throw unreadable(path, error, EXIT.failed);
  }
}

/** How many bytes were there, 0 at the end, `undefined` if there are none yet. */
function readNow(name: string, fd: number, buffer: Uint8Array): number | undefined {
  try {
    return readSync(fd, buffer, 0, buffer.length, null);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EAGAIN") return undefined;
    throw unreadable(name, error, EXIT.failed);
  }
}

/** For a device that another program made non-blocking. */
function waitBriefly(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 10));
}

/** Waits for a pipe, which it makes non-blocking. It cannot wait without reading: what it read comes first. */
class PipeWaiter {
  readonly #socket: Socket;
  #early: Uint8Array | undefined;
  #settle: { resolve: () => void; reject: (error: Error) => void } | undefined;

  constructor(fd: number) {
    // `onread` is an option of the constructor too, which the types do not say.
    const onread = { buffer: Buffer.allocUnsafeSlow(CHUNK_BYTES), callback: this.#take.bind(this) };
    const options: ConstructorParameters<typeof Socket>[0] = { fd, writable: false, ...{ onread } };
    this.#socket = new Socket(options);
    this.#socket.pause();
    // The end is there to be read again.
    this.#socket.on("end", () => this.#wake());
    this.#socket.on("error", (error) => {
      this.#settle?.reject(error);
      this.#settle = undefined;
    });
  }

  /** Bytes that were read while waiting; valid until the next wait. */
  takeEarly(): Uint8Array | undefined {
    const early = this.#early;
    this.#early = undefined;
    return early;
  }

  /** Resolves when there is something to read, be it the end. */
  ready(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
      this.#socket.resume();
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  #take(bytes: number, buffer: Uint8Array): boolean {
    this.#early = buffer.subarray(0, bytes);
    this.#socket.pause();
    this.#wake();
    return false;
  }

  #wake(): void {
    this.#settle?.resolve();
    this.#settle = undefined;
  }
}

async function* streamed(fd: number, idle: Idle): AsyncGenerator<Uint8Array> {
  const stream = fd === STDIN ? process.stdin : createReadStream("", { fd, highWaterMark: CHUNK_BYTES });
  for await (const chunk of stream as AsyncIterable<Uint8Array>) {
    yield chunk;
    while (stream.readableLength === 0 && (await idle()));
  }
}
