/** The vectors that Rust reads, through the package. */

import type { Check } from "../context.ts";
import { equal, ok, thrownBy } from "../expect.ts";
import { pageOf, textOf } from "../pages.ts";

export const vectorChecks: readonly Check[] = [
  {
    name: "each event decodes as in Rust, as an object, as text, and in a page",
    async run({ edgesiem, vectors: { decoded } }) {
      ok(decoded.length >= 30, "there are vectors");
      const core = await edgesiem.load();
      for (const { name, line, expected } of decoded) {
        equal(await edgesiem.decodeEvent(line), JSON.parse(expected), name);
        equal(await edgesiem.convert(new TextEncoder().encode(line)), [expected], name);
        // In a page, a line feed ends the event.
        if (line.includes("\n")) continue;
        const decoder = core.pageDecoder();
        equal(textOf([decoder.push(pageOf([line])), decoder.finish().decoded]), `${expected}\n`, name);
        decoder.free();
      }
    },
  },
  {
    name: "each event becomes the document that Rust writes, in every schema",
    async run({ edgesiem, vectors: { schemas } }) {
      const names = await edgesiem.schemaNames();
      equal([...Object.keys(schemas), "decoded", "raw"].toSorted(), [...names].toSorted());
      for (const schema of names) {
        const rows = schemas[schema] ?? [];
        for (const { name, line, document } of rows) equal(await edgesiem.convert(line, schema), [document], `${schema}: ${name}`);
      }
    },
  },
  {
    name: "each request is signed as Akamai's clients sign it",
    async run({ edgesiem, vectors: { signatures } }) {
      ok(signatures.length >= 27, "there are vectors");
      const core = await edgesiem.load();
      for (const { name, request, credentials, options, expected } of signatures) {
        const stages = core.explainSignature(request, credentials, options);
        for (const [stage, value] of Object.entries(expected)) {
          // Python's vectors leave out what the header itself adds to it.
          equal(String(stages[stage as keyof typeof stages]).slice(0, String(value).length), value, `${name}: ${stage}`);
        }
        equal(core.sign(request, credentials, options).authorization, stages.authorization, name);
      }
    },
  },
  {
    name: "each .edgerc is read as in Rust, and what is refused names no secret",
    async run({ edgesiem, vectors: { edgerc } }) {
      equal(edgerc.length, 50);
      for (const { name, text, section, expected } of edgerc) {
        if (typeof expected !== "string") {
          equal(await edgesiem.parseEdgerc(text, section), expected, name);
          continue;
        }
        const error = await thrownBy(() => edgesiem.parseEdgerc(text, section));
        ok(error instanceof edgesiem.CredentialsError, `${name}: it is a CredentialsError`);
        equal([error.name, error.code, error.retryable], ["CredentialsError", expected, false], name);
        ok(!`${error.stack} ${error.userAction} ${JSON.stringify(error)}`.includes("hunter2"), `${name}: the secret is not shown`);
      }
    },
  },
];
