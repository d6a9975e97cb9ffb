/** What a worker does with a core. */

import type { Core } from "../../../src/index.ts";
import type { FromEngine, ToEngine } from "../protocol.ts";
import { Engine } from "./engine.ts";

const post = (message: FromEngine, transfer: Transferable[] = []): void => self.postMessage(message, { transfer });

/** Answers the page. Messages that come before the core is there wait for it. */
export function serve(core: Promise<Core>): void {
  const engine = core.then((core) => new Engine(core, post));
  self.onmessage = ({ data }: MessageEvent<ToEngine>): void => {
    void engine.then((engine) => engine.receive(data));
  };
  void engine.then(() => post({ type: "ready" }));
}
