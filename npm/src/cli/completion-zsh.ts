/** Completion for zsh. */

import { flatten, type CommandSpec, type OptionSpec, type Values } from "./completion-tree.ts";

/** A script that works from a folder of `fpath`, named `_edgesiem`, and when it is sourced. */
export function zshScript(name: string, root: CommandSpec): string {
  const functions = flatten(root).map((spec) => commandFunction(name, spec));
  return `#compdef ${name}
# zsh completion for ${name}. Load it with: source <(${name} completion zsh)

${functions.join("\n")}
if [[ $funcstack[1] == _${name} ]]; then
  _${name} "$@"
else
  compdef _${name} ${name}
fi
`;
}

function functionName(name: string, spec: CommandSpec): string {
  return ["", name, ...spec.path].join("_").replaceAll("-", "_");
}

function commandFunction(name: string, spec: CommandSpec): string {
  const options = spec.options.map(optionArgument);
  if (spec.commands.length === 0) {
    const values = spec.values === undefined ? [] : [quoted(`*:argument:${action(spec.values)}`)];
    return `${functionName(name, spec)}() {\n  _arguments -s ${[...options, ...values].join(" \\\n    ")}\n}`;
  }
  const described = spec.commands.map((child) => quoted(`${child.path.at(-1) ?? ""}:${child.summary}`));
  const calls = spec.commands.map((child) => `        ${child.path.at(-1) ?? ""}) ${functionName(name, child)} ;;`);
  return `${functionName(name, spec)}() {
  local curcontext="$curcontext" state line
  local -a commands
  commands=(${described.join("\n    ")})
  _arguments -C ${[...options, "'1:command:->command'", "'*::argument:->argument'"].join(" \\\n    ")}
  case $state in
    command) _describe command commands ;;
    argument)
      case $words[1] in
${calls.join("\n")}
      esac ;;
  esac
}`;
}

function optionArgument({ flags, description, values }: OptionSpec): string {
  const text = description.replaceAll(/[[\]:\\]/g, "\\$&");
  // A star: an option may be given again, which several of them mean to be.
  const spec = values === undefined ? `[${text}]` : `[${text}]:value:${action(values)}`;
  return flags.map((flag) => quoted(`*${flag}${flag.startsWith("--") && values !== undefined ? "=" : ""}${spec}`)).join(" ");
}

function action(values: Values): string {
  switch (values.kind) {
    case "words":
      return `(${values.words.join(" ")})`;
    case "files":
      return "_files";
    case "folders":
      return "_files -/";
    case "any":
      return " ";
  }
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
