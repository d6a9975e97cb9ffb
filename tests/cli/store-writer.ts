/** A process that writes one key over and over into the folder that is its argument, until it is killed. */

import { FileStore } from "../../npm/src/node/index.ts";

const [folder = "", bytes = "0"] = process.argv.slice(2);
const store = new FileStore(folder);
for (let round = 0; ; round += 1) {
  await store.put("checkpoint/s", JSON.stringify({ round, filling: "x".repeat(Number(bytes)) }));
  if (round === 0) console.log("writing");
}
