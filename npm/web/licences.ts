/** What the licences of bundled packages ask for: their texts, beside the bundle. */

import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";

/** The licence texts of all packages among the modules of a bundle. Fails if one has none. */
export function licencesOf(modules: Iterable<string>): string {
  const folders = new Set<string>();
  for (const path of modules) {
    const folder = /^\0?(.*\/node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(path.replaceAll("\\", "/"))?.[1];
    if (folder !== undefined) folders.add(folder);
  }
  const texts = [...folders].sort().map((folder) => {
    const { name, version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Record<string, string>;
    const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
    if (file === undefined) throw new Error(`${name} ${version} (${license}) has no licence file to pass on`);
    return `${name} ${version} (${license})\n\n${readFileSync(join(folder, file), "utf8").trim()}\n`;
  });
  return `The page is bundled with these packages:\n\n${texts.join(`\n${"-".repeat(80)}\n\n`)}`;
}
