// Converts a file of events to OCSF.

import { DecodeStream } from "edgesiem";

const [file] = Deno.args;
if (file === undefined) {
  console.error("usage: deno task start FILE");
  Deno.exit(2);
}

const source = await Deno.open(file);
const convert = new DecodeStream({ schema: "ocsf", onRejected: ({ line, reason }) => console.error(`line ${line}: ${reason}`) });
await source.readable.pipeThrough(convert).pipeTo(Deno.stdout.writable);
