/** Text in UTF-16, which editors on Windows write and nothing here reads. */

import { CommandError, EXIT } from "./exit.ts";

/** Refuses what begins with a byte order mark of UTF-16, with what to do. */
export function refuseUtf16(name: string, beginning: Uint8Array): void {
  const [first, second] = beginning;
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)) {
    throw new CommandError(`${name} is UTF-16`, EXIT.usage, "save it as UTF-8; in PowerShell with: Out-File -Encoding utf8");
  }
}
