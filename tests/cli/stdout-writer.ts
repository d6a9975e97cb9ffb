/** A process that writes as many bytes as its argument says to standard output, in two batches, and tells stderr how that went. */

import { localPlaces } from "../../npm/src/node/index.ts";

const bytes = Number(process.argv[2]);
const { write } = localPlaces();
let ticks = 0;
const ticker = setInterval(() => (ticks += 1), 5);
const answers = await Promise.all(
  ["a", "b"].map((letter) => write({ place: "stdout", path: "", body: Buffer.alloc(bytes / 2, letter) })),
);
clearInterval(ticker);
console.error(JSON.stringify({ answers, ticks }));
