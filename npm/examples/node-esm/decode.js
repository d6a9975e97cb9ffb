// Decodes a file of events as the SIEM API sends it, into one document a line.

import { createReadStream } from "node:fs";
import { Readable, Writable } from "node:stream";
import { DecodeStream } from "edgesiem";

const [file, schema = "decoded"] = process.argv.slice(2);
if (file === undefined) {
  console.error("usage: node decode.js FILE [SCHEMA]");
  process.exit(2);
}

const decode = new DecodeStream({
  schema,
  onRejected: ({ line, reason }) => console.error(`line ${line}: ${reason}`),
});
// The file is read as fast as the documents are written: memory stays the same however large it is.
await Readable.toWeb(createReadStream(file)).pipeThrough(decode).pipeTo(Writable.toWeb(process.stdout));

const { context } = decode;
console.error(context === undefined ? "The last line is missing: the page was cut." : `The next page begins at offset ${context.offset}.`);
if (decode.counts.rejected > 0) process.exitCode = 1;
