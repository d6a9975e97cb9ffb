/** Completion for fish. */

import { flatten, type CommandSpec, type OptionSpec, type Values } from "./completion-tree.ts";

/** A script for `source` or for a file in `~/.config/fish/completions`. */
export function fishScript(name: string, root: CommandSpec): string {
  const lines = [`# fish completion for ${name}. Load it with: ${name} completion fish | source`, `complete -c ${name} -f`];
  for (const spec of flatten(root)) {
    const condition = quoted(conditionOf(spec));
    for (const child of spec.commands) {
      lines.push(`complete -c ${name} -n ${condition} -a ${child.path.at(-1) ?? ""} -d ${quoted(child.summary)}`);
    }
    for (const option of spec.options) lines.push(`complete -c ${name} -n ${condition} ${optionWords(option)}`);
    if (spec.values !== undefined && spec.values.kind !== "any") lines.push(`complete -c ${name} -n ${condition} ${valueWords(spec.values)}`);
  }
  return `${lines.join("\n")}\n`;
}

/** That the command line has come to this command and not to one below it. */
function conditionOf(spec: CommandSpec): string {
  if (spec.path.length === 0) return "__fish_use_subcommand";
  const seen = spec.path.map((word) => `__fish_seen_subcommand_from ${word}`);
  const below = spec.commands.map((child) => child.path.at(-1) ?? "").join(" ");
  return [...seen, ...(below === "" ? [] : [`not __fish_seen_subcommand_from ${below}`])].join("; and ");
}

function optionWords({ flags, description, values }: OptionSpec): string {
  const names = flags.map((flag) => (flag.startsWith("--") ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`));
  return [...names, ...(values === undefined ? [] : ["-r", valueWords(values)]), `-d ${quoted(description)}`].join(" ");
}

function valueWords(values: Values): string {
  switch (values.kind) {
    case "words":
      return `-f -a ${quoted(values.words.join(" "))}`;
    case "files":
      return "-F";
    case "folders":
      return "-f -a '(__fish_complete_directories)'";
    case "any":
      return "-f";
  }
}

function quoted(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}
