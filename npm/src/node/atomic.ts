/** Files that are there whole or not at all, also after the power failed. */

import { randomBytes } from "node:crypto";
import { type FileHandle, open, readdir, rename, stat, unlink } from "node:fs/promises";
import { join } from "node:path";
import { UNFINISHED } from "./names.ts";

/** So old, a file that is still being written is one that a killed process left behind. */
const LEFT_BEHIND_MS = 60_000;

/** The code of an error of the operating system, such as `ENOENT`. */
export function errorCode(error: unknown): string | undefined {
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
  return typeof code === "string" ? code : undefined;
}

/** A name in `folder` that nobody else uses. */
export function unfinishedName(folder: string): string {
  return join(folder, `${UNFINISHED}${process.pid}-${randomBytes(8).toString("hex")}`);
}

/** Writes a new file, for its owner only, and returns when it is safe on disk. */
export async function writeNew(path: string, content: string): Promise<void> {
  const file = await open(path, "wx", 0o600);
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Replaces a file of `folder`, or makes it, and returns when that is safe on disk. */
export async function replaceFile(folder: string, name: string, content: string): Promise<void> {
  const unfinished = unfinishedName(folder);
  try {
    await writeNew(unfinished, content);
    await rename(unfinished, join(folder, name));
  } catch (error) {
    await unlink(unfinished).catch(() => undefined);
    throw error;
  }
  await syncFolder(folder);
}

/** Makes what was done to the names in a folder safe on disk. */
export async function syncFolder(folder: string): Promise<void> {
  let handle: FileHandle;
  try {
    handle = await open(folder, "r");
  } catch (error) {
    // Windows opens no folders, and its file system keeps the order of such changes by itself.
    if (process.platform === "win32") return;
    throw error;
  }
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Removes files that a killed process did not finish. */
export async function removeUnfinished(folder: string): Promise<void> {
  const names = await readdir(folder);
  for (const name of names.filter((name) => name.startsWith(UNFINISHED))) {
    const path = join(folder, name);
    // Another one may be about to do the same.
    const found = await stat(path).catch(() => undefined);
    if (found !== undefined && Date.now() - found.mtimeMs > LEFT_BEHIND_MS) await unlink(path).catch(() => undefined);
  }
}
