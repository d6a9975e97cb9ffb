/**
 * A process that writes to standard output and tells stderr how that went.
 *
 * Its argument is how many bytes, which it writes in two batches at once. With `lines` behind it, these bytes are lines of `a`, and
 * then each byte that comes from stdin is another batch, a line of it; there is an answer for each on stderr.
 */

import { localPlaces } from "../../npm/src/node/index.ts";

const [bytes = "0", mode] = process.argv.slice(2);
const { write } = localPlaces();
const batch = (body: Buffer): ReturnType<typeof write> => write({ place: "stdout", path: "", body });
if (mode === "lines") {
  console.error(JSON.stringify(await batch(Buffer.alloc(Number(bytes), "aaaaaa\n"))));
  for await (const letter of process.stdin.setEncoding("latin1")) console.error(JSON.stringify(await batch(Buffer.from(`${String(letter).repeat(6)}\n`))));
} else {
  let ticks = 0;
  const ticker = setInterval(() => (ticks += 1), 5);
  const answers = await Promise.all(["a", "b"].map((letter) => batch(Buffer.alloc(Number(bytes) / 2, letter))));
  clearInterval(ticker);
  console.error(JSON.stringify({ answers, ticks }));
}
