/** The engine's worker. It asks for nothing over the network: the WebAssembly is within. */

import { load } from "edgesiem/inline";
import type { FromEngine, ToEngine } from "../protocol.ts";
import { Engine } from "./engine.ts";

const post = (message: FromEngine, transfer: Transferable[] = []): void => self.postMessage(message, { transfer });

/** Messages that come before the core is there wait for it. */
const engine = load().then((core) => new Engine(core, post));

self.onmessage = ({ data }: MessageEvent<ToEngine>): void => {
  void engine.then((engine) => engine.receive(data));
};

void engine.then(() => post({ type: "ready" }));
