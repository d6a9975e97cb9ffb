/** Runs in a process without SIMD: `node in-node.ts FILE`, the checks by name, one at a time. */

import assert from "node:assert/strict";
import { hasSimd } from "../../npm/src/loaders/simd.ts";
import { inNode, type Answer } from "./node.ts";

const tell = (answer: Answer): void => void process.send?.(answer);

assert.ok(!hasSimd(), "this process has SIMD nevertheless");
const runtime = await inNode(process.argv[2] as Parameters<typeof inNode>[0]);
process.on("message", (name: string) => {
  runtime.check(name).then(
    () => tell({ failure: "" }),
    (error: unknown) => tell({ failure: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
  );
});
process.once("disconnect", () => void runtime.close());
tell({ loadMs: runtime.loadMs });
