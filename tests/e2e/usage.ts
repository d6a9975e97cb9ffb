/** What this process's children named workerd have used, as /proc tells it. */

import { readdirSync, readFileSync } from "node:fs";

export interface Usage {
  cpuSeconds: number;
  /** The most memory that one of them ever had resident. */
  peakResidentBytes: number;
}

/** Clock ticks in a second; Linux shows these to programs whatever the kernel's own are (`man 5 proc_pid_stat`). */
const TICKS = 100;

/** `undefined` where there is no /proc. */
export function workerdUsage(): Usage | undefined {
  let pids: string[];
  try {
    pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  } catch {
    return undefined;
  }
  const usage = { cpuSeconds: 0, peakResidentBytes: 0 };
  for (const pid of pids) {
    try {
      const [, name, rest] = /^\d+ \((.*)\) (.*)$/s.exec(readFileSync(`/proc/${pid}/stat`, "utf8")) ?? [];
      const fields = rest?.split(" ") ?? [];
      if (name !== "workerd" || Number(fields[1]) !== process.pid) continue;
      usage.cpuSeconds += (Number(fields[11]) + Number(fields[12])) / TICKS;
      const [, peak] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
      usage.peakResidentBytes = Math.max(usage.peakResidentBytes, Number(peak ?? 0) * 1024);
    } catch {
      // The process ended meanwhile.
    }
  }
  return usage;
}
