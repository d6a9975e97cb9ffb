/** A bundle that `wrangler deploy --dry-run` wrote, on workerd, with the dates and flags of its wrangler.toml. */

import { readdirSync } from "node:fs";
import { join } from "node:path";
import { Miniflare, convertV4MiniflareOptions } from "miniflare";
import { unstable_readConfig as readConfig } from "wrangler";
import { TOOLS, find, succeed } from "./project.ts";

export type Binding = string | Record<string, unknown>;

export interface Deployed extends AsyncDisposable {
  miniflare: Miniflare;
  /** Everything that the Worker logged. */
  logs: string[];
}

/** The part of wrangler.toml that decides how a bundle runs. */
interface Config {
  name: string;
  compatibility_date: string;
  compatibility_flags: string[];
  durable_objects: { bindings: { name: string; class_name: string }[] };
  kv_namespaces: { binding: string }[];
}

/** A build image's programs: Node, npm, wrangler and what a shell has, and no Rust. */
function withoutRust(): string[] {
  const folders = [join(TOOLS, ".bin"), "/usr/local/bin", "/usr/bin", "/bin"].filter((folder) => find("cargo", [folder]) === undefined && find("rustc", [folder]) === undefined);
  if (find("sh", folders) === undefined) throw new Error("every folder with a shell has Rust too: these tests cannot show that none is needed");
  return folders;
}

/** Runs the project's own script `script`, as a build image without Rust does, which writes the bundle to `folder`/`bundle`. */
export async function build(folder: string, script: string, bundle: string, extra: readonly string[] = []): Promise<void> {
  await succeed("npm", ["run", script, ...(extra.length === 0 ? [] : ["--", ...extra])], {
    cwd: folder,
    path: withoutRust(),
    env: { HOME: folder, XDG_CONFIG_HOME: join(folder, ".config"), npm_config_update_notifier: "false" },
  });
  if (!readdirSync(join(folder, bundle)).some((file) => file.endsWith(".wasm"))) throw new Error(`${bundle} has no module of WebAssembly`);
}

/** Starts what `build` has made. Bindings are those of wrangler.toml, but for its variables. */
export async function deploy(folder: string, bundle: string, bindings: Record<string, Binding> = {}): Promise<Deployed> {
  const config = readConfig({ config: join(folder, "wrangler.toml") }) as Config;
  const root = join(folder, bundle);
  const modules = readdirSync(root)
    .filter((file) => /\.(js|wasm)$/.test(file))
    .map((file) => ({ type: file.endsWith(".js") ? ("ESModule" as const) : ("CompiledWasm" as const), path: join(root, file) }))
    // The entry has to be the first one.
    .sort((a, b) => Number(b.type === "ESModule") - Number(a.type === "ESModule"));
  const logs: string[] = [];
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      name: config.name,
      modulesRoot: root,
      modules,
      compatibilityDate: config.compatibility_date,
      compatibilityFlags: config.compatibility_flags,
      bindings: bindings as Record<string, never>,
      kvNamespaces: config.kv_namespaces.map(({ binding }) => binding),
      durableObjects: Object.fromEntries(config.durable_objects.bindings.map(({ name, class_name }) => [name, { className: class_name, useSQLite: true }])),
      // Otherwise every start waits for a server of Cloudflare's that tests do not need.
      cf: false,
      handleStructuredLogs: ({ message }) => logs.push(message),
    }),
  );
  await miniflare.ready;
  return { miniflare, logs, [Symbol.asyncDispose]: () => miniflare.dispose() };
}
