/** The command `edgesiem`, and each of its threads, which runs this file again. */

import { workerData } from "node:worker_threads";

import type { ThreadData } from "./decode-thread.ts";
import { endWithReader } from "./output.ts";
import { VERSION } from "./version.ts";

const { decode } = (workerData ?? {}) as Partial<ThreadData>;
if (decode === undefined) await runCommand(process.argv.slice(2));
else await runThread(decode);

async function runThread(options: ThreadData["decode"]): Promise<void> {
  const { runDecodeThread } = await import("./decode-thread.ts");
  await runDecodeThread(options);
}

async function runCommand(args: readonly string[]): Promise<void> {
  endWithReader();
  // The one answer that needs nothing else, and that scripts ask for most.
  if (args.length === 1 && (args[0] === "--version" || args[0] === "-V")) {
    process.stdout.write(`${VERSION}\n`);
    return;
  }
  const { run } = await import("./program.ts");
  await run(args);
}
