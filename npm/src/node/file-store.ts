/** What a stream has to remember, in a folder: one file a key. */

import { mkdir, open, readFile, readdir, unlink } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { StoreError } from "../errors.ts";
import type { PipelineStore } from "../pipeline/host.ts";
import { errorCode, removeUnfinished, replaceFile, syncFolder } from "./atomic.ts";
import { fileName, keyOf, mayBegin } from "./names.ts";
import { Turns } from "./turns.ts";

/** The first line of a file. */
interface Header {
  key: string;
  /** When the value is to be forgotten, milliseconds since 1970. */
  expires_ms?: number;
}

/** Headers are shorter as a rule. */
const HEADER_BYTES = 1024;
/** Files that are opened at the same time. */
const AT_ONCE = 32;
const MAX_LIST = 1000;

/**
 * Keeps checkpoints, progress, gaps and dead letters of streams in a folder of this machine.
 *
 * Each key is a file of its own, readable by its owner only, replaced as a whole (written beside it, synced, renamed, the folder
 * synced), so that a value is the old one or the new one whenever the machine stops. The folder is made when the first value
 * is written. Only one process may run a stream on it: see {@link StreamLock}.
 *
 * All methods reject with {@link StoreError} if the file system does not do what it is asked for.
 *
 * @example
 * ```ts
 * import { mkdtemp } from "node:fs/promises";
 * import { tmpdir } from "node:os";
 * import { join } from "node:path";
 * import { FileStore } from "edgesiem/node";
 *
 * const store = new FileStore(await mkdtemp(join(tmpdir(), "edgesiem-")));
 * await store.put("checkpoint/prod-waf", "{}");
 * console.log(await store.list("checkpoint/", 1000)); // { keys: [ 'checkpoint/prod-waf' ] }
 * ```
 */
export class FileStore implements PipelineStore {
  /** Reads are never old, writes are safe when they return, and writes of a key take effect in their order. */
  readonly exact = true;
  readonly #folder: string;
  readonly #turns = new Turns();
  #tidied: Promise<void> | undefined;

  /** @param folder Where the files are; its parents are made too if they are missing. */
  constructor(folder: string) {
    this.#folder = resolve(folder);
  }

  /** The value of a key; `undefined` if there is none, or if its time is over. */
  get(key: string): Promise<string | undefined> {
    return this.#inTurn(key, "read", () => this.#read(key));
  }

  /**
   * Writes a value.
   *
   * @param ttlSeconds After so many seconds it is as if it had been deleted.
   */
  put(key: string, value: string, ttlSeconds?: number): Promise<void> {
    const header: Header = ttlSeconds === undefined ? { key } : { key, expires_ms: Date.now() + ttlSeconds * 1000 };
    return this.#inTurn(key, "written", async () => {
      const write = async (): Promise<void> => {
        await this.#prepare();
        await replaceFile(this.#folder, fileName(key), `${JSON.stringify(header)}\n${value}`);
      };
      try {
        await write();
      } catch (error) {
        if (errorCode(error) !== "ENOENT") throw error;
        // Somebody removed the folder that we made.
        this.#tidied = undefined;
        await write();
      }
    });
  }

  /** Removes a key; also if there is none. */
  delete(key: string): Promise<void> {
    return this.#inTurn(key, "deleted", async () => {
      if (await this.#unlink(fileName(key))) await syncFolder(this.#folder);
    });
  }

  /**
   * Some keys that begin with `prefix`, in the order of their UTF-8 bytes.
   *
   * @param limit At most so many, 1 to 1000.
   * @param cursor The `cursor` of the answer before, to go on after it. There is none in the last one.
   */
  async list(prefix: string, limit: number, cursor?: string): Promise<{ keys: string[]; cursor?: string }> {
    const most = Math.min(Math.max(Math.trunc(limit), 1), MAX_LIST);
    try {
      const candidates = await this.#candidates(prefix, cursor);
      const keys: string[] = [];
      for (let start = 0; start < candidates.length && keys.length <= most; start += AT_ONCE) {
        const alive = await Promise.all(candidates.slice(start, start + AT_ONCE).map(async (key) => (await this.#isAlive(key)) && key));
        keys.push(...alive.filter((key) => key !== false));
      }
      const last = keys[most - 1];
      return keys.length > most && last !== undefined ? { keys: keys.slice(0, most), cursor: last } : { keys };
    } catch (error) {
      throw this.#failed("listed", error);
    }
  }

  /** One operation on a key after the other, in the order in which they were asked for. */
  async #inTurn<T>(key: string, done: string, operation: () => Promise<T>): Promise<T> {
    if (!key.isWellFormed()) throw this.#failed(done, new Error("the key is no well-formed text"));
    try {
      return await this.#turns.take(key, operation);
    } catch (error) {
      throw this.#failed(done, error);
    }
  }

  async #read(key: string): Promise<string | undefined> {
    const path = join(this.#folder, fileName(key));
    let text: string;
    try {
      text = await readFile(path, "utf8");
    } catch (error) {
      if (errorCode(error) === "ENOENT") return undefined;
      throw error;
    }
    const end = text.indexOf("\n");
    const header = headerOf(text.slice(0, Math.max(end, 0)));
    if (header?.key !== key) throw new Error(`${path} is not as this program writes it`);
    return isOver(header) ? undefined : text.slice(end + 1);
  }

  /** Keys after `cursor` in their order, some of which may be over. */
  async #candidates(prefix: string, cursor: string | undefined): Promise<string[]> {
    let names: string[];
    try {
      names = await readdir(this.#folder);
    } catch (error) {
      if (errorCode(error) === "ENOENT") return [];
      throw error;
    }
    // Texts of one character a byte compare like the bytes.
    const order = (key: string): string => Buffer.from(key, "utf8").toString("latin1");
    const after = cursor === undefined ? undefined : order(cursor);
    const found: { key: string; order: string }[] = [];
    for (const name of names.filter((name) => mayBegin(name, prefix))) {
      const read = keyOf(name);
      const key = read === "inside" ? (await this.#header(name))?.key : read?.key;
      if (key === undefined || !key.startsWith(prefix)) continue;
      const entry = { key, order: order(key) };
      if (after === undefined || entry.order > after) found.push(entry);
    }
    return found.sort((a, b) => (a.order < b.order ? -1 : 1)).map(({ key }) => key);
  }

  async #isAlive(key: string): Promise<boolean> {
    const header = await this.#header(fileName(key));
    return header?.key === key && !isOver(header);
  }

  /** What the file says of itself; `undefined` if it is gone, or none of ours. */
  async #header(name: string): Promise<Header | undefined> {
    try {
      const file = await open(join(this.#folder, name), "r");
      try {
        const buffer = Buffer.alloc(HEADER_BYTES);
        const { bytesRead } = await file.read(buffer, 0, HEADER_BYTES, 0);
        const end = buffer.subarray(0, bytesRead).indexOf(10);
        if (end !== -1) return headerOf(buffer.toString("utf8", 0, end));
        const text = await file.readFile("utf8");
        return headerOf(text.slice(0, Math.max(text.indexOf("\n"), 0)));
      } finally {
        await file.close();
      }
    } catch (error) {
      if (errorCode(error) === "ENOENT" || errorCode(error) === "EISDIR") return undefined;
      throw error;
    }
  }

  /** Whether there was one. */
  async #unlink(name: string): Promise<boolean> {
    try {
      await unlink(join(this.#folder, name));
      return true;
    } catch (error) {
      if (errorCode(error) === "ENOENT") return false;
      throw error;
    }
  }

  /** The folder, without what a killed process left in it. */
  #prepare(): Promise<void> {
    this.#tidied ??= (async () => {
      const made = await mkdir(this.#folder, { recursive: true, mode: 0o700 });
      if (made !== undefined) await syncFolder(dirname(made));
      await removeUnfinished(this.#folder);
    })().catch((error: unknown) => {
      this.#tidied = undefined;
      throw error;
    });
    return this.#tidied;
  }

  #failed(done: string, cause: unknown): StoreError {
    const reason = cause instanceof Error ? cause.message : String(cause);
    return new StoreError(`the state could not be ${done}: ${reason}`, {
      code: "store",
      retryable: true,
      userAction: `see that ${this.#folder} can be written by this user and that there is space`,
      cause,
    });
  }
}

function headerOf(line: string): Header | undefined {
  try {
    const header = JSON.parse(line) as Partial<Record<keyof Header, unknown>> | null;
    const { key, expires_ms: expires } = header ?? {};
    if (typeof key !== "string") return undefined;
    return typeof expires === "number" ? { key, expires_ms: expires } : { key };
  } catch {
    return undefined;
  }
}

function isOver(header: Header): boolean {
  return header.expires_ms !== undefined && header.expires_ms <= Date.now();
}
