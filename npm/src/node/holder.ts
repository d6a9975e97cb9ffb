/** Who holds a lock, and whether they are still there. */

import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";

/** A process, told apart from others that had or will have its number. */
export interface Holder {
  pid: number;
  host: string;
  /** Changes with every start of the machine; Linux only. */
  boot?: string;
  /** The space that the process's number is from (containers have their own); Linux only. */
  pid_space?: string;
  /** When the process started, in the system's own units since its start; Linux only. */
  started?: string;
  /** When it took the lock, RFC 3339. */
  since: string;
}

/**
 * `here` and `gone` are certain; `unknown`: it runs elsewhere or cannot be told from another process that has its number,
 * so that only its heartbeat says something.
 */
export type Presence = "here" | "gone" | "unknown";

/** This process. */
export function self(): Holder {
  const boot = tell(() => readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim());
  const space = tell(() => readlinkSync("/proc/self/ns/pid"));
  const started = startOf("self");
  return {
    pid: process.pid,
    host: hostname(),
    ...(boot === undefined ? {} : { boot }),
    ...(space === undefined ? {} : { pid_space: space }),
    ...(started === undefined ? {} : { started }),
    since: new Date().toISOString(),
  };
}

/** Whether the holder still runs, as far as `here` can tell. */
export function presence(holder: Holder, here: Holder): Presence {
  // After a restart of the machine this may be another one of the same name: only the heartbeat tells.
  if (holder.host !== here.host || holder.boot !== here.boot || holder.pid_space !== here.pid_space) return "unknown";
  if (!exists(holder.pid)) return "gone";
  const started = startOf(holder.pid);
  if (started === undefined || holder.started === undefined) return "unknown";
  return started === holder.started ? "here" : "gone";
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Not ours to ask, but there.
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** proc(5): the 22nd field of `stat`. The second is the program's name in parentheses and may hold anything. */
function startOf(pid: number | "self"): string | undefined {
  const text = tell(() => readFileSync(`/proc/${pid}/stat`, "latin1"));
  return text?.slice(text.lastIndexOf(")") + 2).split(" ")[19];
}

function tell(ask: () => string): string | undefined {
  try {
    return ask();
  } catch {
    return undefined;
  }
}

/** What a lock's file says; `undefined` if it does not say it. */
export function readHolder(text: string): Holder | "released" | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null) return undefined;
  const { pid, host, since, boot, pid_space: space, started, released } = value as Partial<Record<keyof Holder | "released", unknown>>;
  if (released === true) return "released";
  const isPid = typeof pid === "number" && Number.isSafeInteger(pid) && pid > 0;
  if (!isPid || typeof host !== "string" || typeof since !== "string") return undefined;
  return {
    pid,
    host,
    since,
    ...(typeof boot === "string" ? { boot } : {}),
    ...(typeof space === "string" ? { pid_space: space } : {}),
    ...(typeof started === "string" ? { started } : {}),
  };
}
