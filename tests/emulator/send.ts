/** Sends a body at the speed of its reader, or wrongly if asked to. */

import type { ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { setTimeout as wait } from "node:timers/promises";
import { constants, createGzip } from "node:zlib";
import type { Fault, FaultQueue } from "./faults.ts";

/** `whole`: all of it was handed to the network. `cut`: by a fault. `aborted`: by the client. */
export type Outcome = "whole" | "cut" | "aborted";

export async function sendBody(
  response: ServerResponse,
  body: Iterable<Buffer>,
  gzip: boolean,
  fault: Fault | undefined,
  faults: FaultQueue,
  sent: (bytes: number) => void,
): Promise<Outcome> {
  const cut = fault?.cut;
  const closed = new Promise<false>((resolve) => response.once("close", () => resolve(false)));
  if (cut?.ending === "close") response.removeHeader("transfer-encoding");
  response.flushHeaders();

  const put = (bytes: Buffer): Promise<boolean> => {
    sent(bytes.length);
    const written = new Promise<boolean>((resolve) => response.write(bytes, (error) => resolve(error == null)));
    return Promise.race([written, closed]);
  };

  let total = 0;
  for await (const chunk of gzip ? compressed(body) : body) {
    let rest = chunk;
    while (rest.length > 0) {
      const untilCut = (cut?.bytes ?? Infinity) - total;
      const untilStall = fault?.stallAfterBytes !== undefined && fault.stallAfterBytes >= total ? fault.stallAfterBytes - total : Infinity;
      const pace = fault?.bytesPerSecond === undefined ? Infinity : Math.max(1, Math.ceil(fault.bytesPerSecond / 20));
      const piece = rest.subarray(0, Math.min(untilCut, untilStall, pace, rest.length));
      if (piece.length > 0 && !(await put(piece))) return "aborted";
      total += piece.length;
      rest = rest.subarray(piece.length);
      if (total === cut?.bytes) return end(response, cut.ending);
      if (piece.length === untilStall) {
        if ((await Promise.race([faults.released().then(() => true), closed])) === false) return "aborted";
        // The same position must not stall again.
        fault = { ...fault, stallAfterBytes: -1 };
      }
      if (pace !== Infinity) await Promise.race([wait(50), closed]);
    }
  }
  if (cut?.lines !== undefined) return end(response, cut.ending);
  const finished = new Promise<boolean>((resolve) => response.end(() => resolve(true)));
  return (await Promise.race([finished, closed])) ? "whole" : "aborted";
}

function end(response: ServerResponse, ending: "destroy" | "close" | "end"): Outcome {
  if (ending === "destroy") response.socket?.destroy();
  else response.end();
  return "cut";
}

function compressed(body: Iterable<Buffer>): AsyncIterable<Buffer> {
  const gzip = createGzip({ level: constants.Z_BEST_SPEED, chunkSize: 64 * 1024 });
  Readable.from(body, { objectMode: false, highWaterMark: 256 * 1024 }).pipe(gzip);
  return gzip;
}
