/** What the engine exports, asked while it has other things to do. */

import assert from "node:assert/strict";
import { after, it } from "node:test";
import type { Core } from "../../npm/src/index.ts";
import { Engine } from "../../npm/web/src/engine/engine.ts";
import type { FromEngine } from "../../npm/web/src/protocol.ts";

const INLINE = process.env["EDGESIEM_INLINE"] ?? new URL("../../npm/dist/inline.js", import.meta.url).href;
const core = await ((await import(INLINE)) as { load(): Promise<Core> }).load();

/** A channel that is listened to keeps the process alive; a worker has no such end. */
const channels: MessageChannel[] = [];
globalThis.MessageChannel = class extends MessageChannel {
  constructor() {
    super();
    channels.push(this);
  }
};
after(() => {
  for (const { port1 } of channels) port1.close();
});

const PATHS = Array.from({ length: 15_000 }, (_, k) => `/${String((k * 7919) % 15_013).padStart(5, "0")}`);
const TEXT = PATHS.map((path) => `{"httpMessage":{"path":"${path}"}}\n`).join("");

it("has all events in the order that was asked for just before, however little the table shows of them yet", async () => {
  const messages: FromEngine[] = [];
  let wake = (): void => undefined;
  const engine = new Engine(core, (message) => {
    messages.push(message);
    wake();
  });
  const message = async <T>(find: (message: FromEngine) => T | undefined): Promise<T> => {
    for (;;) {
      for (const one of messages) {
        const found = find(one);
        if (found !== undefined) return found;
      }
      await new Promise<void>((resolve) => (wake = resolve));
    }
  };
  const answer = (ask: number): Promise<unknown> => message((one) => (one.type === "answer" && one.ask === ask ? [one.answer] : undefined)).then(([answer]) => answer);

  engine.receive({ type: "open", generation: 1, inputs: [{ name: "events", blob: new Blob([TEXT]) }] });
  await message((one) => (one.type === "progress" && one.progress.state === "done" ? true : undefined));
  engine.receive({ type: "query", query: 2, filter: "", sort: { by: "path", descending: true } });
  engine.receive({ type: "export", ask: 1, format: "raw", columns: [] });
  const { export: number, rows } = (await answer(1)) as { export: number; rows: number };
  assert.equal(rows, PATHS.length);
  let text = "";
  for (let ask = 2; ; ask += 1) {
    engine.receive({ type: "part", ask, export: number });
    const { bytes, isLast } = (await answer(ask)) as { bytes: Uint8Array; isLast: boolean };
    text += new TextDecoder().decode(bytes);
    if (isLast) break;
  }
  const exported = text.trimEnd().split("\n").map((line) => (JSON.parse(line) as { httpMessage: { path: string } }).httpMessage.path);
  assert.deepEqual(exported, PATHS.toSorted().toReversed());
});
