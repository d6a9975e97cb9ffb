/** Whether the run that a stream's state speaks of is still going on. */

import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { type Holder, presence, readHolder, self } from "../node/holder.ts";
import { fileName } from "../node/names.ts";
import type { StreamStatus } from "./status-table.ts";

/** What the problem of a stream is called whose run was cut off. */
export const RUN_CUT_OFF = "run_cut_off";

/** Who ran the stream last: a process, or nobody any more. */
type Last = Holder | "released" | undefined;

/**
 * The status of a stream, and if its run was cut off, that as a problem of the kind {@link RUN_CUT_OFF}.
 *
 * A run notes its beginning in the state and its end too, if it comes to it. That its process is gone is said only where the lock
 * makes it certain: for processes of this machine, and locks that were let go. Without a lock nothing is known.
 *
 * @param read Reads the status. It is asked again before a run is said to be over, because it may have ended in order, or another
 * one begun, between two looks.
 */
export async function withRun(state: string, stream: string, read: () => Promise<StreamStatus>): Promise<StreamStatus> {
  const status = await read();
  if (status.running_since === null) return status;
  const last = await lastHolder(state, stream);
  if (last === undefined || (last !== "released" && presence(last, self()) !== "gone")) return status;
  const again = await read();
  if (again.running_since !== status.running_since) return again;
  const who = last === "released" ? "the process that ran it has let go of it" : `the process ${last.pid}, which ran it, is gone`;
  const began = new Date(status.running_since).toISOString();
  const text = `the run that began at ${began} was cut off: ${who}. Nothing is lost. What to do: \`edgesiem pull\` goes on from where it stands, and repeats at most one batch per sink`;
  return { ...again, problems: [...again.problems, { severity: "warning", kind: RUN_CUT_OFF, text }] };
}

/** What the newest file of the stream's lock says; `undefined` if there is none, or if it says nothing. */
async function lastHolder(state: string, stream: string): Promise<Last> {
  const locks = join(state, "locks");
  const prefix = `${fileName(stream)}.`;
  try {
    const generations = (await readdir(locks))
      .filter((file) => file.startsWith(prefix) && /^[1-9][0-9]{0,14}$/.test(file.slice(prefix.length)))
      .map((file) => Number(file.slice(prefix.length)));
    if (generations.length === 0) return undefined;
    return readHolder(await readFile(join(locks, `${prefix}${Math.max(...generations)}`), "utf8"));
  } catch {
    // The status is no less true without it.
    return undefined;
  }
}
