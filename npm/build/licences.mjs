// What the licences of bundled packages ask for: their texts, beside the bundle.

import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";

import { NODE_MODULES } from "./places.mjs";

/** The licence texts of all packages among the inputs of a bundle. Fails if one has none. */
export async function thirdPartyLicences(inputs) {
  const names = inputs.map((path) => /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1]).filter((name) => name !== undefined);
  const texts = [];
  for (const name of [...new Set(names)].sort()) {
    const folder = join(NODE_MODULES, name);
    const { version, license } = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
    const file = (await readdir(folder)).find((entry) => /^licen[cs]e/i.test(entry));
    if (file === undefined) throw new Error(`${name} ${version} (${license}) has no licence file to pass on`);
    texts.push(`${name} ${version} (${license})\n\n${(await readFile(join(folder, file), "utf8")).trim()}\n`);
  }
  return `The command is bundled with these packages:\n\n${texts.join(`\n${"-".repeat(80)}\n\n`)}`;
}
