/** Ctrl-C as a request to finish, although the runtime that we start has its own idea of it. */

import childProcess from "node:child_process";

const SIGNALS = ["SIGINT", "SIGTERM"] as const;

/**
 * Runs `start`, then makes SIGINT and SIGTERM abort the returned signal. A second one ends the process at once.
 *
 * Miniflare (5.20261117) exits the process on either, so the listeners that it adds are taken out again; and a terminal
 * sends Ctrl-C to every process of its foreground group, so what `start` spawns gets a group of its own.
 */
export async function interruptible<T>(start: () => Promise<T>): Promise<[T, AbortSignal]> {
  const before = new Map(SIGNALS.map((signal) => [signal, process.listeners(signal)]));
  const started = await inOwnGroup(start);
  const interruption = new AbortController();
  for (const signal of SIGNALS) {
    for (const listener of process.listeners(signal)) {
      if (!before.get(signal)?.includes(listener)) process.removeListener(signal, listener);
    }
    process.on(signal, () => (interruption.signal.aborted ? process.exit(signal === "SIGINT" ? 130 : 143) : interruption.abort()));
  }
  return [started, interruption.signal];
}

/** Miniflare has no option for this; it looks `spawn` up in the module each time. */
async function inOwnGroup<T>(start: () => Promise<T>): Promise<T> {
  // On Windows `detached` would open a console window.
  if (process.platform === "win32") return start();
  const { spawn } = childProcess;
  const detached = (command: string, args: readonly string[], options: childProcess.SpawnOptions) => spawn(command, args, { ...options, detached: true });
  childProcess.spawn = detached as typeof spawn;
  try {
    return await start();
  } finally {
    childProcess.spawn = spawn;
  }
}
