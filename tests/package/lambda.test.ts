/** The example for AWS Lambda: its handler, called as the runtime calls it. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { project, succeed, systemNode } from "./project.ts";
import { assertDecoded, linesOf, source } from "./source.ts";

/** Calls the handler and prints what it returns on stderr: stdout is the function's log. */
const INVOKE = `import("./index.js").then(async ({ handler }) => {
  const [event, remaining] = process.argv.slice(1);
  process.stderr.write(JSON.stringify(await handler(JSON.parse(event), { getRemainingTimeInMillis: () => Number(remaining) })));
});`;

interface Answer {
  offset: string | null;
  events: number;
}

test("each call of the lambda goes on from the offset that the last one returned, and nothing comes twice", async () => {
  using example = await project("examples/lambda");
  await using events = await source({ available: 12_000 });
  const { siem, env } = events;
  const node = systemNode();
  const invoke = async (offset: string | null, remainingMs: number): Promise<{ answer: Answer; lines: string[] }> => {
    const called = await succeed(node, ["-e", INVOKE, JSON.stringify({ offset }), String(remainingMs)], { cwd: example.folder, env });
    return { answer: JSON.parse(called.stderr) as Answer, lines: linesOf(called.stdout) };
  };
  const first = await invoke(null, 10_000);
  assert.equal(first.lines.length, first.answer.events);
  assert.ok(first.answer.events >= 5000 && first.answer.events < 12_000, `one page, not ${first.answer.events} events`);
  const second = await invoke(first.answer.offset, 600_000);
  const third = await invoke(second.answer.offset, 600_000);
  assert.deepEqual(third, { answer: { offset: siem.lastOffset, events: 0 }, lines: [] });
  assertDecoded(siem, [...first.lines, ...second.lines]);
});
