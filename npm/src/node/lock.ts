/**
 * One process a stream.
 *
 * A lock is the file of the highest generation: `NAME.1`, `NAME.2`, and so on. Whoever finds the highest one released, or its
 * holder gone, makes the next (by `link`, which fails if it is there, and whole from the beginning), and then looks again: a
 * higher one that has come meanwhile wins. The highest file is never removed, only marked as released, and lower ones only by
 * the holder of a higher one. So of any number of processes that find the same lock stale exactly one gets the next: the others
 * fail at its name, or, if it was taken and cleared away between their two looks, find the higher one. No file is taken away
 * from a process that may have got it by then, which is the race of locks that are deleted and made again.
 */

import { type BigIntStats, fstatSync, renameSync, statSync, unlinkSync, writeFileSync } from "node:fs";
import { type FileHandle, link, mkdir, open, readFile, readdir, stat, unlink } from "node:fs/promises";
import { join, resolve } from "node:path";
import { EdgeSiemError, StoreError } from "../errors.ts";
import { errorCode, removeUnfinished, unfinishedName, writeNew } from "./atomic.ts";
import { type Holder, presence, readHolder, self } from "./holder.ts";
import { fileName } from "./names.ts";

/** A holder says so often that it is there. */
const HEARTBEAT_MS = 5_000;
/** A holder that cannot be seen from here counts as gone when it has not been heard of for so long. */
const SILENT_MS = 60_000;
/** Each time, somebody else was faster. */
const MAX_TRIES = 100;

/** Another process holds the lock. */
export class LockedError extends EdgeSiemError {
  static {
    this.prototype.name = "LockedError";
  }
}

/** What can be set about a lock. */
export interface LockOptions {
  /** Called once if somebody took the lock although we are there, or removed its file: whatever it guards has to end now. */
  onLost?: () => void;
}

/**
 * A lock on one stream's state.
 *
 * It is let go by {@link StreamLock.release}, when the process exits, and on SIGINT, SIGTERM and SIGHUP if nobody else handles them. A
 * process that was killed needs nobody: its lock is taken over at once on the same machine, and after a minute from another one.
 *
 * @example
 * ```ts
 * import { mkdtemp } from "node:fs/promises";
 * import { tmpdir } from "node:os";
 * import { join } from "node:path";
 * import { StreamLock } from "edgesiem/node";
 *
 * const folder = await mkdtemp(join(tmpdir(), "edgesiem-"));
 * const lock = await StreamLock.acquire(folder, "prod-waf");
 * await StreamLock.acquire(folder, "prod-waf").catch((error) => console.log(error.code)); // locked
 * await lock.release();
 * ```
 */
export class StreamLock {
  readonly #folder: string;
  readonly #name: string;
  readonly #generation: number;
  readonly #file: FileHandle;
  readonly #onLost: (() => void) | undefined;
  readonly #heartbeat: NodeJS.Timeout;
  #isHeld = true;

  private constructor(folder: string, name: string, generation: number, file: FileHandle, options: LockOptions) {
    this.#folder = folder;
    this.#name = name;
    this.#generation = generation;
    this.#file = file;
    this.#onLost = options.onLost;
    this.#heartbeat = setInterval(() => void this.#beat(), HEARTBEAT_MS);
    this.#heartbeat.unref();
    held.add(this);
    watchTheEnd();
  }

  /**
   * Takes the lock of a stream.
   *
   * @param folder The folder of states; the lock's files are in `locks` below it.
   * @param stream The stream's id.
   * @throws {@link LockedError} (code `locked`) another process holds it; {@link StoreError} the folder cannot be written.
   */
  static async acquire(folder: string, stream: string, options: LockOptions = {}): Promise<StreamLock> {
    const locks = join(resolve(folder), "locks");
    try {
      await mkdir(locks, { recursive: true, mode: 0o700 });
      await removeUnfinished(locks);
      for (let attempt = 0; attempt < MAX_TRIES; attempt += 1) {
        const taken = await attemptToTake(locks, fileName(stream), stream);
        if (taken !== undefined) return new StreamLock(locks, fileName(stream), taken.generation, taken.file, options);
      }
    } catch (error) {
      if (error instanceof EdgeSiemError) throw error;
      throw new StoreError(`the stream ${stream} could not be locked: ${error instanceof Error ? error.message : String(error)}`, {
        code: "store",
        retryable: true,
        userAction: `see that ${locks} can be written by this user and that there is space`,
        cause: error,
      });
    }
    throw new LockedError(`the stream ${stream} could not be locked: too many others try at the same time`, {
      code: "locked",
      retryable: true,
      userAction: "let one process at a time work on it",
    });
  }

  /** Whether nobody has taken it since. */
  get isHeld(): boolean {
    return this.#isHeld;
  }

  /** Lets go. */
  async release(): Promise<void> {
    this.releaseSync();
    await this.#file.close().catch(() => undefined);
  }

  /** The same, for the end of a process. */
  releaseSync(): void {
    if (!this.#isHeld) return;
    this.#end();
    const unfinished = unfinishedName(this.#folder);
    try {
      const path = this.#path();
      if (!isSame(fstatSync(this.#file.fd, { bigint: true }), statSync(path, { bigint: true }))) return;
      writeFileSync(unfinished, '{"released":true}\n', { flag: "wx", mode: 0o600 });
      renameSync(unfinished, path);
    } catch {
      // Nobody needs it to go on: this process will be gone.
      try {
        unlinkSync(unfinished);
      } catch {
        // It is not there.
      }
    }
  }

  #path(): string {
    return join(this.#folder, `${this.#name}.${this.#generation}`);
  }

  #end(): void {
    this.#isHeld = false;
    clearInterval(this.#heartbeat);
    held.delete(this);
  }

  /** Writing moves the file's time by the file system's own clock, which all who look at it share. */
  async #beat(): Promise<void> {
    try {
      await this.#file.write("{", 0);
      const newest = (await generations(this.#folder, this.#name)).at(-1);
      if (newest === this.#generation && (await this.#isInPlace())) return;
    } catch (error) {
      // A full or unreachable disk is for the next heartbeat; until then the lock is ours.
      if (!isGone(error)) return;
    }
    // It may have been let go meanwhile.
    if (!this.#isHeld) return;
    this.#end();
    void this.#file.close().catch(() => undefined);
    this.#onLost?.();
  }

  /** Whether our file is the one that others see: if the folder was removed, a lock of the same generation can be somebody else's. */
  async #isInPlace(): Promise<boolean> {
    const [ours, seen] = await Promise.all([this.#file.stat({ bigint: true }), stat(this.#path(), { bigint: true })]);
    return isSame(ours, seen);
  }
}

function isSame(ours: BigIntStats, seen: BigIntStats): boolean {
  return ours.dev === seen.dev && ours.ino === seen.ino;
}

/** Whether the error says that a file or its folder is not there any more; ESTALE is how network file systems say it. */
function isGone(error: unknown): boolean {
  return ["ENOENT", "ENOTDIR", "ESTALE"].includes(errorCode(error) ?? "");
}

/** Generations of a lock that are there, the lowest first. */
async function generations(locks: string, name: string): Promise<number[]> {
  const found: number[] = [];
  for (const file of await readdir(locks)) {
    if (!file.startsWith(`${name}.`)) continue;
    const generation = file.slice(name.length + 1);
    if (/^[1-9][0-9]{0,14}$/.test(generation)) found.push(Number(generation));
  }
  return found.sort((a, b) => a - b);
}

/** `undefined` if somebody else moved meanwhile. */
async function attemptToTake(locks: string, name: string, stream: string): Promise<{ generation: number; file: FileHandle } | undefined> {
  const here = self();
  const claim = unfinishedName(locks);
  await writeNew(claim, `${JSON.stringify(here)}\n`);
  try {
    const newest = (await generations(locks, name)).at(-1);
    if (newest !== undefined) {
      const standing = await judge(join(locks, `${name}.${newest}`), claim, here);
      if (standing === "moved") return undefined;
      if (standing !== "free") throw refused(stream, standing);
    }
    const generation = (newest ?? 0) + 1;
    const path = join(locks, `${name}.${generation}`);
    if (!(await make(path, claim))) return undefined;
    const all = await generations(locks, name);
    if (all.some((other) => other > generation)) {
      await unlink(path).catch(() => undefined);
      return undefined;
    }
    for (const lower of all.filter((other) => other < generation)) await unlink(join(locks, `${name}.${lower}`)).catch(() => undefined);
    return { generation, file: await open(path, "r+") };
  } finally {
    await unlink(claim).catch(() => undefined);
  }
}

/** Whether the file was made: it was not there before. */
async function make(path: string, claim: string): Promise<boolean> {
  try {
    await link(claim, path);
    return true;
  } catch (error) {
    if (errorCode(error) === "EEXIST") return false;
    if (!["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK", "EINVAL"].includes(errorCode(error) ?? "")) throw error;
  }
  // File systems without links. Whoever reads it half-written takes it for held, as long as it is young.
  try {
    await writeNew(path, await readFile(claim, "utf8"));
    return true;
  } catch (error) {
    if (errorCode(error) === "EEXIST") return false;
    throw error;
  }
}

/** Somebody who may be there, and how long they have been silent. */
interface Standing {
  holder: Holder | undefined;
  silentMs: number;
  isSeen: boolean;
}

/** `claim` is a file that was written just now, by the same clock as the lock's. */
async function judge(path: string, claim: string, here: Holder): Promise<"free" | "moved" | Standing> {
  try {
    const holder = readHolder(await readFile(path, "utf8"));
    if (holder === "released") return "free";
    const silentMs = Math.max((await stat(claim)).mtimeMs - (await stat(path)).mtimeMs, 0);
    const found = holder === undefined ? "unknown" : presence(holder, here);
    if (found === "gone" || (found === "unknown" && silentMs > SILENT_MS)) return "free";
    return { holder, silentMs, isSeen: found === "here" };
  } catch (error) {
    if (errorCode(error) === "ENOENT") return "moved";
    throw error;
  }
}

function refused(stream: string, { holder, silentMs, isSeen }: Standing): LockedError {
  const [who, since] = holder === undefined ? ["another process", ""] : [`the process ${holder.pid} on ${holder.host}`, ` since ${holder.since}`];
  const last = `it was last heard of ${Math.round(silentMs / 1000)} s ago and counts as gone after ${SILENT_MS / 1000} s`;
  return new LockedError(`${who} holds the stream ${stream}${since}${isSeen ? "" : `; ${last}`}`, {
    code: "locked",
    retryable: true,
    userAction: isSeen ? "let it work, or end it and try again" : "if it is gone, try again when its time is over; if it runs elsewhere, end one of the two",
    ...(holder === undefined ? {} : { context: { pid: String(holder.pid), host: holder.host, since: holder.since } }),
  });
}

/** Locks of this process. */
const held = new Set<StreamLock>();
let isWatching = false;

function watchTheEnd(): void {
  if (isWatching) return;
  isWatching = true;
  const releaseAll = (): void => {
    for (const lock of held) lock.releaseSync();
  };
  process.on("exit", releaseAll);
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    const onSignal = (): void => {
      // Whoever else handles it decides when the process ends, and may have work to finish under the lock.
      if (process.listenerCount(signal) > 1) return;
      releaseAll();
      process.off(signal, onSignal);
      process.kill(process.pid, signal);
    };
    process.on(signal, onSignal);
  }
}
