// Where things are, and the tools, which are installed for tests/ and nowhere else.

import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const NPM = fileURLToPath(new URL("..", import.meta.url));
export const ROOT = fileURLToPath(new URL("../..", import.meta.url));
/** Where a build goes until it is whole: whoever reads dist meanwhile has the one before. */
export const DIST = join(NPM, `dist.${process.pid}`);
export const SOURCE = join(NPM, "src");
export const NODE_MODULES = join(ROOT, "tests/node_modules");

export const { build: esbuild } = createRequire(join(ROOT, "tests/package.json"))("esbuild");
export const exists = existsSync;
