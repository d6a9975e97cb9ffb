/** `AkamaiSiemClient` of the built package: events one by one, and an offset to go on from. */

import assert from "node:assert/strict";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, describe, it } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { AkamaiSiemClient, AkamaiSiemClientOptions, Gap } from "../../npm/src/pipeline/index.ts";
import { startSiem, type SiemEmulator, type SiemOptions } from "../emulator/siem.ts";
import { finished } from "./command.ts";
import { DIST, until } from "./pull-rig.ts";

const TOOLS = fileURLToPath(new URL("../node_modules/", import.meta.url));

const { AkamaiSiemClient: Client } = (await import(pathToFileURL(join(DIST, "pipeline-node.js")).href)) as typeof import("../../npm/src/pipeline/index.ts");

interface Event {
  httpMessage: { requestId: string };
}

let siem: SiemEmulator | undefined;
afterEach(async () => {
  await siem?.close();
  assert.deepEqual(siem?.errors ?? [], [], "the emulator itself failed");
  siem = undefined;
});

async function start(options: SiemOptions = {}): Promise<SiemEmulator> {
  siem = await startSiem({ available: 1000, ...options });
  return siem;
}

function client<T = Event>(siem: SiemEmulator, options: Partial<AkamaiSiemClientOptions> = {}): AkamaiSiemClient<T> {
  return new Client<T>({ host: siem.url, ...siem.credentials, configIds: siem.configIds, allowInsecureLoopback: true, ...options });
}

const numberOf = (siem: SiemEmulator, event: Event): number => siem.events.numberOf(event.httpMessage.requestId) ?? assert.fail("no event of the emulator");

async function take(siem: SiemEmulator, events: AsyncIterable<Event>): Promise<number[]> {
  const numbers: number[] = [];
  for await (const event of events) numbers.push(numberOf(siem, event));
  return numbers;
}

const range = (start: number, end: number): number[] => Array.from({ length: end - start }, (_, k) => start + k);

describe("AkamaiSiemClient", () => {
  it("yields every event once, decoded and in order, over several pages, and has the last offset", async () => {
    const siem = await start({ available: 2500 });
    const events = client(siem, { limit: 1000 });
    assert.equal(events.offset, undefined);
    let number = 0;
    for await (const event of events) {
      assert.equal(JSON.stringify(event), siem.events.expectedText(number));
      number += 1;
    }
    assert.equal(number, 2500);
    assert.equal(events.offset, siem.lastOffset);
  });

  it("has the offset of the pages that were taken whole, from which another one misses nothing", async () => {
    const siem = await start({ available: 2500 });
    const first = client(siem, { limit: 1000 });
    const taken: number[] = [];
    for await (const event of first) {
      taken.push(numberOf(siem, event));
      const pages = Math.floor((taken.length - 1) / 1000);
      const before = first.offset === undefined ? 0 : siem.positionOf(first.offset);
      assert.equal(before, pages * 1000, `at event ${taken.length - 1}`);
      if (taken.length === 1700) break;
    }
    assert.deepEqual(await take(siem, client(siem, { offset: first.offset })), range(1000, 2500));
  });

  it("does not count the last event of a page as taken before the next one is asked for", async () => {
    const siem = await start({ available: 2000 });
    const first = client(siem, { limit: 1000 });
    let count = 0;
    for await (const _ of first) {
      count += 1;
      if (count === 1000) break;
    }
    assert.equal(first.offset, undefined);
  });

  it("goes on where it was when the same one is taken from again, with at most a batch twice", async () => {
    const siem = await start({ available: 5000 });
    const events = client(siem);
    const taken: number[] = [];
    for await (const event of events) {
      taken.push(numberOf(siem, event));
      if (taken.length === 3300) break;
    }
    const rest = await take(siem, events);
    assert.deepEqual([...new Set([...taken, ...rest])].sort((a, b) => a - b), range(0, 5000));
    assert.ok(taken.length + rest.length <= 6000, `${rest.length}`);
  });

  it("asks for cut pages again, and yields nothing twice", async () => {
    const siem = await start({ available: 3000 });
    siem.faults.add({ cut: { lines: 1500, ending: "close" } }, { cut: { bytes: 900_000, ending: "destroy" } }, { problem: "internal-error" });
    const events = client(siem);
    assert.deepEqual(await take(siem, events), range(0, 3000));
    assert.equal(events.offset, siem.lastOffset);
  });

  it("signs by the server's clock when ours is wrong", async () => {
    const siem = await start();
    siem.clockOffsetMs = -7200_000;
    assert.equal((await take(siem, client(siem))).length, 1000);
  });

  it("tells of a gap when its offset has expired, and goes on", async () => {
    const siem = await start();
    const first = client(siem);
    await take(siem, first);
    siem.expireOffsets();
    const gaps: Gap[] = [];
    const numbers = await take(siem, client(siem, { offset: first.offset, onGap: (gap) => gaps.push(gap) }));
    assert.equal(gaps.length, 1);
    assert.match(gaps[0]?.reason ?? "", /./);
    assert.ok((gaps[0]?.detected_at ?? 0) > Date.now() - 60_000);
    assert.equal(numbers.at(-1), 999);
  });

  it("hands lines that cannot be read to its callback, and counts them", async () => {
    const siem = await start({ available: 100 });
    siem.faults.add({ edits: [{ line: 5, replace: "{no event" }] });
    const rejected: unknown[] = [];
    const events = client(siem, { onRejected: ({ line, raw }) => rejected.push([line, raw]) });
    assert.equal((await take(siem, events)).length, 99);
    assert.deepEqual([rejected, events.rejected], [[[5, "{no event"]], 1]);
  });

  it("begins at a time, and ends at one", async () => {
    const siem = await start({ available: 3000, intervalMs: 100 });
    const [from, to] = [Math.ceil(siem.events.startSeconds(500)), Math.ceil(siem.events.startSeconds(1500))];
    const since = await take(siem, client(siem, { from }));
    assert.ok(Math.abs((since[0] ?? 0) - 500) <= 20, `${since[0]}`);
    assert.equal(since.at(-1), 2999);
    const within = await take(siem, client(siem, { from: new Date(from * 1000), to: new Date(to * 1000) }));
    assert.ok(Math.abs(within.length - 1000) <= 40, `${within.length}`);
  });

  it("writes events in the schema that it is told, also one of text", async () => {
    const siem = await start({ available: 3 });
    const documents: unknown[] = [];
    for await (const document of client<string>(siem, { schema: "cef" })) documents.push(document);
    assert.equal(documents.length, 3);
    for (const document of documents) assert.match(String(document), /^CEF:/);
    for await (const event of client<{ class_uid: number }>(siem, { schema: { name: "ocsf" } })) assert.equal(event.class_uid, 4002);
  });

  it("leaves out what a filter leaves out", async () => {
    const siem = await start({ available: 200 });
    const all = await take(siem, client(siem, { filter: { exclude: [{ member: "attackData.clientIP", exists: true }] } }));
    assert.deepEqual(all, []);
  });
});

/** Checks a program against the package's declarations as strictly as TypeScript can, and gives what is wrong. */
async function typeErrors(code: string): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "edgesiem-types-"));
  try {
    const compilerOptions = {
      ...{ target: "es2022", module: "nodenext", strict: true, noEmit: true, noUncheckedIndexedAccess: true, exactOptionalPropertyTypes: true },
      ...{ types: ["node"], typeRoots: [join(TOOLS, "@types")], paths: { "edgesiem/pipeline": [join(DIST, "types/src/pipeline/index.d.ts")] } },
    };
    writeFileSync(join(folder, "package.json"), '{"type":"module"}');
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, files: ["example.ts"] }));
    writeFileSync(join(folder, "example.ts"), code);
    return (await finished(process.execPath, [join(TOOLS, "typescript/bin/tsc"), "-p", folder])).stdout.toString();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

describe("the types of AkamaiSiemClient", () => {
  const readme = readFileSync(new URL("../../npm/README.md", import.meta.url), "utf8");
  const example = /```js\n(import \{ AkamaiSiemClient[\s\S]*?)```/.exec(readme)?.[1] ?? "";

  it("let the README's example through in strict TypeScript", async () => {
    assert.match(example, /event\.attackData\?\.rules/);
    assert.equal(await typeErrors(example), "");
  });

  it("know the events, the schemas and the filters", async () => {
    const wrong: [change: (code: string) => string, said: RegExp][] = [
      [(code) => code.replace("attackData?.rules", "attackData?.rules?.[0]?.rulez"), /rulez/],
      [(code) => code.replace("configIds: [14227],", 'configIds: [14227], schema: "none",'), /SchemaOption/],
      [(code) => code.replace("configIds: [14227],", "configIds: [14227], filter: { excluded: [] },"), /excluded/],
    ];
    for (const [change, said] of wrong) assert.match(await typeErrors(change(example)), said);
  });
});

describe("a core that stops", () => {
  /** The built library with a module whose memory ends soon, so that a large event really exhausts it. */
  async function smallLibrary(): Promise<typeof import("../../npm/src/pipeline/index.ts")> {
    const copy = mkdtempSync(join(tmpdir(), "edgesiem-small-"));
    after(() => rmSync(copy, { recursive: true, force: true }));
    for (const name of ["pipeline-node.js", "errors.cjs"]) copyFileSync(join(DIST, name), join(copy, name));
    writeFileSync(join(copy, "package.json"), '{"type":"module"}');
    writeFileSync(join(copy, "pipeline.wasm"), withMemoryLimit(readFileSync(join(DIST, "pipeline.wasm")), 128));
    return (await import(pathToFileURL(join(copy, "pipeline-node.js")).href)) as typeof import("../../npm/src/pipeline/index.ts");
  }

  it("rejects what was under way, and the next call works on a fresh one from where the store stands", { timeout: 30_000 }, async () => {
    const { MemoryStore, Pipeline } = await smallLibrary();
    const siem = await start({ available: 50 });
    const big = `{"type":"akamai_siem","query":"${"x".repeat(7_000_000)}"}`;
    siem.faults.add({ edits: [{ line: 40, replace: big }] });
    let written = "";
    const config = {
      allow_insecure_loopback: true,
      streams: [
        {
          id: "s",
          sinks: ["out"],
          limits: { max_event_bytes: 16_000_000 },
          source: { kind: "akamai-siem", host: siem.url, config_ids: siem.configIds, client_token: { secret: "a" }, client_secret: { secret: "b" }, access_token: { secret: "c" } },
        },
      ],
      sinks: { out: { kind: "stdout" } },
    };
    const { clientToken: a, clientSecret: b, accessToken: c } = siem.credentials;
    const pipeline = await Pipeline.open(config, {
      store: new MemoryStore(),
      secrets: { a, b, c },
      places: ["stdout"],
      write: async ({ body }) => {
        written += Buffer.from(body).toString();
        return { status: 200 };
      },
    });
    await assert.rejects(pipeline.run("s"), { name: "CoreStoppedError", code: "core_stopped", retryable: true });
    assert.equal(written, "");
    const summary = await pipeline.run("s");
    assert.deepEqual([summary.ok, summary.report.delivered, written.trimEnd().split("\n").length], [true, 50, 50]);
  });
});

/** The module with a limit for its memory (WebAssembly, section 5), in pages of 64 KiB. */
function withMemoryLimit(module: Uint8Array, pages: number): Uint8Array {
  const number = (at: number): [value: number, next: number] => {
    let [value, shift, next] = [0, 0, at];
    for (;;) {
      const byte = module[next] ?? assert.fail("the module ends too early");
      next += 1;
      value |= (byte & 0x7f) << shift;
      shift += 7;
      if (byte < 0x80) return [value, next];
    }
  };
  for (let at = 8; at < module.length; ) {
    const id = module[at];
    const [length, start] = number(at + 1);
    if (id === 5) {
      const [count, flagsAt] = number(start);
      const [flags, leastAt] = number(flagsAt);
      const [least] = number(leastAt);
      assert.deepEqual([count, flags, least < 128, pages], [1, 0, true, 128], "one memory without a limit, as the linker makes it");
      // 128 pages are two bytes in this notation.
      return Buffer.concat([module.subarray(0, at), Uint8Array.of(5, 5, 1, 1, least, 0x80, 0x01), module.subarray(start + length)]);
    }
    at = start + length;
  }
  return assert.fail("the module has no memory");
}

describe("AkamaiSiemClient that is left or aborted", () => {
  it("reads no faster than events are taken", async () => {
    const siem = await start({ available: 30_000, compression: "never" });
    const events = client(siem, { limit: 30_000 })[Symbol.asyncIterator]();
    await events.next();
    let before = -1;
    // The sockets' buffers and the pipeline's bounds fill up, then nothing moves any more.
    await until("the source is not read any more", () => {
      const stands = siem.counters.bytes === before;
      before = siem.counters.bytes;
      return stands && before > 0;
    });
    const whole = range(0, 30_000).reduce((sum, number) => sum + siem.events.line(number).length + 1, 0);
    assert.ok(siem.counters.bytes < whole / 2, `${siem.counters.bytes} of ${whole} bytes were read for one event`);
    await events.return?.(undefined);
  });

  it("by break, ends its connection to the source", async () => {
    const siem = await start({ available: 30_000, compression: "never" });
    for await (const _ of client(siem, { limit: 30_000 })) break;
    await until("the source notices", () => siem.counters.inFlight === 0);
    assert.equal(siem.counters.aborted, 1);
  });

  it("by its signal while it waits, rejects with the reason at once and ends its connection", async () => {
    const siem = await start({ available: 2000 });
    siem.faults.add({ stallAfterBytes: 1000 });
    const controller = new AbortController();
    const next = client(siem, { signal: controller.signal })[Symbol.asyncIterator]().next();
    await until("it waits for the source", () => siem.counters.inFlight === 1);
    const reason = new Error("enough");
    controller.abort(reason);
    await assert.rejects(next, reason);
    siem.faults.release();
    await until("the source notices", () => siem.counters.inFlight === 0);
  });

  it("by its signal between two events, rejects with the reason", async () => {
    const siem = await start();
    const controller = new AbortController();
    const reason = new Error("enough");
    await assert.rejects(async () => {
      for await (const _ of client(siem, { signal: controller.signal })) controller.abort(reason);
    }, reason);
    await assert.rejects(take(siem, client(siem, { signal: AbortSignal.abort(reason) })), reason);
  });

  it("follows the stream until it is aborted, and passes over what passes by itself", async () => {
    const siem = await start({ available: 100 });
    const controller = new AbortController();
    const errors: string[] = [];
    const events = client(siem, { follow: { intervalMs: 20 }, signal: controller.signal, onError: ({ code }) => errors.push(code) });
    const taken: number[] = [];
    await assert.rejects(
      async () => {
        for await (const event of events) {
          taken.push(numberOf(siem, event));
          if (taken.length === 100) {
            siem.faults.add({ problem: "internal-error", times: 6 });
            siem.append(50);
          }
          if (taken.length === 150) controller.abort(new Error("enough"));
        }
      },
      /enough/,
    );
    assert.deepEqual(taken, range(0, 150));
    assert.deepEqual([...new Set(errors)], ["source_unavailable"]);
  });

  it("rejects with a class of this package when somebody has to mend something", async () => {
    const siem = await start();
    await assert.rejects(take(siem, client(siem, { clientSecret: "d3Jvbmc=" })), { name: "SourceError", code: "source_refused", retryable: false });
    await assert.rejects(take(siem, client(siem, { clientSecret: "d3Jvbmc=", follow: true })), { name: "SourceError" });
    await assert.rejects(take(siem, client(siem, { configIds: [] })), { name: "ConfigError", code: "config" });
    await assert.rejects(take(siem, client(siem, { host: "http://example.com" })), { name: "ConfigError" });
    for (const [options, said] of [
      [{ allowInsecureLoopback: false }, /^host: .*allowInsecureLoopback: true/],
      [{ configIds: ["none"] }, /^configIds\[0\]: /],
      [{ clientSecret: "" }, /^clientSecret: it is empty$/],
      [{ limit: 0, accessToken: " " }, /^(limit|accessToken): .*; and 1 more$/],
      [{ schema: { name: "none" as "raw" } }, /^schema/],
    ] as const) {
      await assert.rejects(take(siem, client(siem, options)), (error: Error & { userAction: string }) => {
        assert.match(error.message, said);
        assert.doesNotMatch(error.message + error.userAction, /streams|wrangler|allow_/);
        return true;
      });
    }
    for (const options of [{ to: 1 }, { limit: Number.NaN }, { from: new Date(Number.NaN) }, { from: "2026" as unknown as Date }, { from: 1, offset: "an-offset" }]) {
      assert.throws(() => client(siem, options), { name: "InvalidArgumentError" });
    }
    const events = client(siem);
    const first = events[Symbol.asyncIterator]();
    await first.next();
    await assert.rejects(take(siem, events), { name: "InvalidArgumentError" });
    await first.return?.(undefined);
  });
});
