/** A process that takes the lock of the stream `s` in the folder that is its argument, says how that went, and holds it until stdin ends. */

import { StreamLock } from "../../npm/src/node/index.ts";

const [folder = ""] = process.argv.slice(2);
try {
  const lock = await StreamLock.acquire(folder, "s", { onLost: () => console.log("lost") });
  console.log("held");
  process.stdin.resume();
  process.stdin.once("end", () => void lock.release());
} catch (error) {
  console.log(`refused: ${error instanceof Error ? error.message : String(error)}`);
}
