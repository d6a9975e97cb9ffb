/** A process that appends as many bytes as its second argument says to the file that is its first, and says how that went. */

import { localPlaces } from "../../npm/src/node/index.ts";

const [path = "", bytes = "0"] = process.argv.slice(2);
const { write } = localPlaces();
console.log(JSON.stringify(await write({ place: "file", path, body: Buffer.alloc(Number(bytes), "x") })));
