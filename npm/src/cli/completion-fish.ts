/** Completion for fish. */

import { flatten, type CommandSpec, type OptionSpec, type Values } from "./completion-tree.ts";

/** A script for `source` or for a file in `~/.config/fish/completions`. */
export function fishScript(name: string, root: CommandSpec): string {
  const specs = flatten(root);
  const at = `__${name}_at`;
  const lines = [`# fish completion for ${name}. Load it with: ${name} completion fish | source`, ...atFunction(at, specs), `complete -c ${name} -f`];
  for (const spec of specs) {
    const condition = quoted(`${at} ${quoted(spec.path.join(" "))}`);
    for (const child of spec.commands) {
      lines.push(`complete -c ${name} -n ${condition} -a ${child.path.at(-1) ?? ""} -d ${quoted(child.summary)}`);
    }
    for (const option of spec.options) lines.push(`complete -c ${name} -n ${condition} ${optionWords(option)}`);
    if (spec.values !== undefined && spec.values.kind !== "any") lines.push(`complete -c ${name} -n ${condition} ${valueWords(spec.values)}`);
  }
  return `${lines.join("\n")}\n`;
}

/**
 * A function that tells whether the command line has come to a command, and not to one below it: fish's own look for the name
 * anywhere, and take `dead-letters replay` for `replay`.
 */
function atFunction(name: string, specs: readonly CommandSpec[]): string[] {
  const placed = (path: readonly string[], word: string): string => quoted(`${path.join(" ")}:${word}`);
  const commands = specs.filter((spec) => spec.path.length > 0).map((spec) => placed(spec.path.slice(0, -1), spec.path.at(-1) ?? ""));
  const options = specs.flatMap((spec) => spec.options.flatMap(({ flags, values }) => (values === undefined ? [] : flags.map((flag) => placed(spec.path, flag)))));
  return [
    `function ${name}`,
    "  set -l command",
    "  # The program's name, and values of options.",
    "  set -l is_skipped yes",
    "  for word in (commandline -opc)",
    '    if test "$is_skipped" = yes',
    "      set is_skipped no",
    "      continue",
    "    end",
    '    switch "$command:$word"',
    `      case ${commands.join(" ")}`,
    '        set command (string trim -- "$command $word")',
    `      case ${options.join(" ")}`,
    "        set is_skipped yes",
    "    end",
    "  end",
    '  test "$command" = "$argv[1]"',
    "end",
  ];
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
