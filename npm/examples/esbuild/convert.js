// Reads events from stdin and writes them in a schema: `node dist/convert.js ecs < events.ndjson`.

import { Readable, Writable } from "node:stream";
// With the WebAssembly module inside, so that the bundle is one file without anything beside it.
import { DecodeStream } from "edgesiem/inline";

const [schema = "ecs"] = process.argv.slice(2);
const convert = new DecodeStream({ schema, onRejected: ({ line, reason }) => console.error(`line ${line}: ${reason}`) });
await Readable.toWeb(process.stdin).pipeThrough(convert).pipeTo(Writable.toWeb(process.stdout));
