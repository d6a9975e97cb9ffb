/** The streams: chunks that end anywhere, back-pressure, and ends of every kind. */

import type { Check } from "../context.ts";
import { equal, ok, thrownBy } from "../expect.ts";
import { chunks, eventWithRules, failures, pageOf, settled, textOf, through } from "../pages.ts";

const CONTEXT = { offset: "318d8", total: 4 };
const LONG = JSON.stringify({ pad: "x".repeat(600) });
const BODY = pageOf([
  eventWithRules(2),
  "",
  '{"custom":"w6k=","é":"日本"}',
  "no event",
  LONG,
  JSON.stringify({ httpMessage: { requestHeaders: "Host%3a%20example.com%0d%0a" } }),
  JSON.stringify(CONTEXT),
]);
const OPTIONS = { maxEventBytes: 300 };

/** A piece of a stream, read, or what is in the way. */
type Reader<T> = ReadableStreamDefaultReader<T>;

async function readAll<T>(reader: Reader<T>): Promise<T[]> {
  const out: T[] = [];
  for (let next = await reader.read(); !next.done; next = await reader.read()) out.push(next.value);
  return out;
}

export const streams: readonly Check[] = [
  {
    name: "a body gives the same documents however it is cut",
    async run({ edgesiem }) {
      const run = async (size: number) => {
        const rejected: unknown[] = [];
        const onRejected = ({ line, reason, part, bytes }: { line: number; reason: string; part?: unknown; bytes: Uint8Array }): void =>
          void rejected.push([line, reason, part === undefined ? textOf([bytes]) : ""]);
        const stream = new edgesiem.DecodeStream({ ...OPTIONS, onRejected });
        const documents = textOf(await through(stream, chunks(BODY, size)));
        const { bytesIn, bytesOut, ...counts } = stream.counts;
        return { documents, rejected, context: stream.context, counts, bytes: [bytesIn, bytesOut] };
      };
      const whole = await run(BODY.length);
      equal(whole.documents.split("\n").length - 1, 3);
      equal(whole.context, CONTEXT);
      equal(whole.counts, { events: 3, documents: 3, filtered: 0, undecoded: 0, rejected: 2 });
      equal(whole.bytes, [BODY.length, new TextEncoder().encode(whole.documents).length]);
      equal(whole.rejected[0], [3, "expected an object", "no event"]);
      equal(whole.rejected.length, 4, "the long line comes in three parts");
      for (let size = 1; size < BODY.length; size += size < 70 ? 1 : 37) equal(await run(size), whole, `chunks of ${size}`);
    },
  },
  {
    name: "documents come as bytes, as objects, and undecoded",
    async run({ edgesiem }) {
      const lines = textOf(await through(new edgesiem.DecodeStream(OPTIONS), [BODY])).split("\n").slice(0, -1);
      const objects = await through(new edgesiem.DecodeStream({ ...OPTIONS, as: "objects" }), [BODY]);
      equal(objects, lines.map((line) => JSON.parse(line)));
      const events = new edgesiem.MultiJsonStream(OPTIONS);
      const received = textOf([BODY]).split("\n");
      equal(await through(events, chunks(BODY, 5)), [0, 2, 5].map((line) => JSON.parse(received[line] ?? "")));
      equal(events.context, CONTEXT);
      equal(textOf(await through(new edgesiem.DecodeStream({ schema: "cef" }), [pageOf([eventWithRules(1)])])).slice(0, 6), "CEF:0|");
    },
  },
  {
    name: "documents by rule and what a filter leaves out are counted",
    async run({ edgesiem }) {
      const stream = new edgesiem.DecodeStream({
        schema: { name: "ecs", expand_rules: true },
        filter: { exclude: [{ member: "attackData.rules", equals: "950004" }] },
        as: "objects",
      });
      const documents = await through(stream, [pageOf([eventWithRules(3), eventWithRules(5), eventWithRules(0)])]);
      equal(documents.length, 4);
      const { events, filtered, documents: counted } = stream.counts;
      equal([events, filtered, counted], [2, 1, 4]);
    },
  },
  {
    name: "a body without a context line leaves none, and its last line counts without a line feed",
    async run({ edgesiem }) {
      const stream = new edgesiem.DecodeStream();
      equal(textOf(await through(stream, [new TextEncoder().encode("{}\n{}")])), "{}\n{}\n");
      equal([stream.context, stream.counts.events], [undefined, 2]);
      const empty = new edgesiem.DecodeStream();
      equal([await through(empty, []), empty.context], [[], undefined]);
    },
  },
  {
    name: "it fits where the platform's streams fit",
    async run({ edgesiem }) {
      const stream = new edgesiem.DecodeStream();
      const text = await new Response(new Blob([BODY.slice()]).stream().pipeThrough(stream)).text();
      equal(text.split("\n").length - 1, 4);
      equal(stream.context, CONTEXT);
    },
  },
  {
    name: "a writer is held back until somebody reads",
    async run({ edgesiem }) {
      const stream = new edgesiem.DecodeStream();
      const writer = stream.writable.getWriter();
      const page = pageOf(Array.from({ length: 100 }, () => eventWithRules(3)));
      let written = 0;
      const writing = (async () => {
        for (let turn = 0; turn < 50; turn += 1) {
          await writer.ready;
          await writer.write(page);
          written += 1;
        }
        await writer.close();
      })();
      await settled();
      equal([written, stream.counts.events], [0, 0], "nothing is decoded before somebody reads");
      const reader = stream.readable.getReader();
      await reader.read();
      await settled();
      ok(written <= 2 && stream.counts.events <= 200, `${written} chunks and ${stream.counts.events} events for one read`);
      await readAll(reader);
      await writing;
      equal([written, stream.counts.events], [50, 5000]);
    },
  },
  {
    name: "one chunk that becomes a hundred megabytes is decoded as it is read",
    async run({ edgesiem }) {
      const stream = new edgesiem.DecodeStream({ schema: { name: "ecs", expand_rules: true } });
      // Each event makes more than three megabytes of documents.
      const page = pageOf(Array.from({ length: 30 }, () => eventWithRules(400, 8000)));
      ok(page.length < 512 * 1024, "it is one slice");
      const writer = stream.writable.getWriter();
      const writing = writer.write(page).catch((error: unknown) => error);
      const reader = stream.readable.getReader();
      let most = 0;
      let seen = 0;
      for (let turn = 0; turn < 5; turn += 1) {
        const { value } = await reader.read();
        seen += value?.length ?? 0;
        await settled();
        most = Math.max(most, stream.counts.bytesOut - seen);
      }
      ok(seen > 4 * 2 ** 20, `the events are long enough: ${seen} bytes`);
      ok(most <= 24 * 2 ** 20, `${most} bytes ahead of the reader`);
      await reader.cancel("enough");
      await writing;
    },
  },
  {
    name: "objects are made as they are read",
    async run({ edgesiem }) {
      const stream = new edgesiem.MultiJsonStream();
      const writer = stream.writable.getWriter();
      const writing = writer.write(pageOf(Array.from({ length: 20_000 }, () => "{}"))).then(() => writer.close());
      const reader = stream.readable.getReader();
      await reader.read();
      let isWritten = false;
      void writing.then(() => (isWritten = true));
      await settled();
      ok(!isWritten, "the writer waits");
      equal((await readAll(reader)).length, 19_999);
      await writing;
    },
  },
  {
    name: "bad lines by the thousand are handed over a few at a time",
    async run({ edgesiem }) {
      let rejected = 0;
      const stream = new edgesiem.DecodeStream({ onRejected: () => (rejected += 1) });
      equal(await through(stream, [pageOf(Array.from({ length: 100_000 }, () => "x"))]), []);
      equal([rejected, stream.counts.rejected], [100_000, 100_000]);
    },
  },
  {
    name: "a reader that goes away ends the writer, and a writer that gives up ends the reader",
    async run({ edgesiem }) {
      const cancelled = new edgesiem.DecodeStream();
      const writer = cancelled.writable.getWriter();
      const pending = writer.write(BODY).then(() => writer.write(BODY)).then(() => writer.write(BODY));
      pending.catch(() => undefined);
      await settled();
      await cancelled.readable.cancel(new Error("enough"));
      equal(String(await thrownBy(() => writer.closed)), "Error: enough");

      const aborted = new edgesiem.DecodeStream();
      const reader = aborted.readable.getReader();
      const read = reader.read();
      await aborted.writable.abort(new Error("no more"));
      equal(String(await thrownBy(() => read)), "Error: no more");
      equal(aborted.context, undefined);
    },
  },
  {
    name: "what onRejected throws, and options that cannot be used, end both sides",
    async run({ edgesiem }) {
      const angry = new edgesiem.DecodeStream({
        onRejected() {
          throw new Error("too bad");
        },
      });
      equal((await failures(angry, [BODY])).map(String), ["Error: too bad", "Error: too bad"]);
      const rows: [what: string, stream: TransformStream<Uint8Array, unknown>, chunk: unknown, Class: new (...args: never) => Error][] = [
        ["a schema", new edgesiem.DecodeStream({ schema: "json" as never }), BODY, edgesiem.InvalidArgumentError],
        ["a filter", new edgesiem.DecodeStream({ filter: { drop: [""] } }), BODY, edgesiem.ConfigError],
        ["a chunk", new edgesiem.DecodeStream(), "text", edgesiem.InvalidArgumentError],
      ];
      for (const [what, stream, chunk, Class] of rows) {
        for (const error of await failures(stream, [chunk as never])) ok(error instanceof Class, `${what}: ${String(error)}`);
      }
    },
  },
  {
    name: "many streams at once do not mix",
    async run({ edgesiem }) {
      const run = async (number: number): Promise<void> => {
        const lines = Array.from({ length: 20 }, (_, line) => `{"stream":${number},"line":${line}}`);
        const stream = new edgesiem.DecodeStream();
        equal(textOf(await through(stream, chunks(pageOf([...lines, `{"offset":"${number}"}`]), 7 + number))), textOf([pageOf(lines)]));
        equal(stream.context, { offset: String(number) });
      };
      await Promise.all(Array.from({ length: 20 }, (_, number) => run(number)));
    },
  },
];
