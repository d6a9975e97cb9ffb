/** A project's own `npm run dev`: wrangler's server on this machine. */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { USUAL_PATH } from "./project.ts";

export interface Developed extends AsyncDisposable {
  /** Where it answers. */
  url: string;
  /** Everything that it has said so far. */
  said(): string;
}

/** So long wrangler may take to build and to start. */
const PATIENCE_MS = 60_000;

/** Starts it on a free port, and comes back when it answers. */
export async function develop(folder: string): Promise<Developed> {
  const env = { PATH: USUAL_PATH.join(":"), HOME: folder, XDG_CONFIG_HOME: join(folder, ".config"), NO_COLOR: "1", CI: "1", WRANGLER_SEND_METRICS: "false", npm_config_update_notifier: "false" };
  const options = ["--port", "0", "--ip", "127.0.0.1", "--show-interactive-dev-session=false"];
  // A group of its own: npm, its shell, wrangler and workerd end together.
  const child = spawn("npm", ["run", "dev", "--", ...options], { cwd: folder, env, stdio: ["ignore", "pipe", "pipe"], detached: true });
  const closed = once(child, "close");
  let output = "";
  const stop = async (): Promise<void> => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
    } catch {
      // It has ended by itself.
    }
    await closed;
  };
  const url = await new Promise<string | undefined>((resolve) => {
    const timer = setTimeout(() => resolve(undefined), PATIENCE_MS);
    const onChunk = (chunk: Buffer): void => {
      output += chunk.toString();
      const [, ready] = /Ready on (http:\/\/\S+)/.exec(output) ?? [];
      if (ready === undefined) return;
      clearTimeout(timer);
      resolve(ready);
    };
    child.stdout.on("data", onChunk);
    child.stderr.on("data", onChunk);
    child.once("exit", () => {
      clearTimeout(timer);
      resolve(undefined);
    });
  });
  if (url === undefined) {
    await stop();
    throw new Error(`npm run dev did not get ready:\n${output}`);
  }
  return { url, said: () => output, [Symbol.asyncDispose]: stop };
}
