/**
 * A process that appends to files, all at once, and says how that went. Its arguments are a path and how many bytes, which end a line,
 * over and over.
 */

import { localPlaces } from "../../npm/src/node/index.ts";

const given = process.argv.slice(2);
const { write } = localPlaces();
const requests = given.flatMap((path, at) => (at % 2 === 0 ? [{ path, bytes: Number(given[at + 1]) }] : []));
const answers = await Promise.all(
  requests.map(({ path, bytes }) => write({ place: "file", path, body: Buffer.from(`${"x".repeat(bytes - 1)}\n`) })),
);
console.log(JSON.stringify(answers));
