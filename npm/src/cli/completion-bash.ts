/** Completion for bash. */

import { flatten, type CommandSpec, type Values } from "./completion-tree.ts";
import { shellWord } from "./shell.ts";

/**
 * A script for bash from 4.4 on, without the package bash-completion. Commands are told from their arguments and from the
 * values of options by their place, and bash cuts `--schema=ocsf` into three words.
 */
export function bashScript(name: string, root: CommandSpec): string {
  const specs = flatten(root);
  const commandWords = specs.filter((spec) => spec.path.length > 0).map((spec) => shellWord(placed(spec.path.slice(0, -1), spec.path.at(-1) ?? "")));
  const valueOptions = specs.flatMap((spec) => spec.options.flatMap(({ flags, values }) => (values === undefined ? [] : flags.map((flag) => shellWord(placed(spec.path, flag))))));
  const optionCases = specs.flatMap((spec) =>
    spec.options.flatMap(({ flags, values }) =>
      values === undefined ? [] : [`    ${flags.map((flag) => shellWord(placed(spec.path, flag))).join("|")}) ${completeValues(values)}; return ;;`],
    ),
  );
  const commandCases = specs.map((spec) => {
    const words = [...spec.commands.map((child) => child.path.at(-1) ?? ""), ...spec.options.flatMap(({ flags }) => flags)];
    const choices = spec.values?.kind === "words" ? spec.values.words : [];
    const files = spec.values !== undefined && spec.values.kind !== "words" ? `\n      [[ $current == -* ]] || { ${completeValues(spec.values)}; }` : "";
    return `    ${shellWord(joined(spec))})\n      ${completeWords([...choices, ...words])}${files} ;;`;
  });
  return `# bash completion for ${name}. Load it with: source <(${name} completion bash)
_${name}() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}" command="" i
  local IFS=$'\\n'
  COMPREPLY=()
  if [[ $current == "=" ]]; then
    current=""
  elif [[ $previous == "=" ]]; then
    previous="\${COMP_WORDS[COMP_CWORD-2]}"
  fi
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "$command:\${COMP_WORDS[i]}" in
      ${commandWords.join("|")}) command="\${command:+$command }\${COMP_WORDS[i]}" ;;
      ${valueOptions.join("|")}) [[ \${COMP_WORDS[i+1]} == "=" ]] && i=$((i + 2)) || i=$((i + 1)) ;;
    esac
  done
  case "$command:$previous" in
${optionCases.join("\n")}
  esac
  case "$command" in
${commandCases.join("\n")}
  esac
}
complete -F _${name} ${name}
`;
}

/** A word behind a command, as the script compares it. */
function placed(path: readonly string[], word: string): string {
  return `${path.join(" ")}:${word}`;
}

function joined(spec: CommandSpec): string {
  return spec.path.join(" ");
}

function completeWords(words: readonly string[]): string {
  return `COMPREPLY+=($(compgen -W $'${words.join("\\n")}' -- "$current"))`;
}

function completeValues(values: Values): string {
  switch (values.kind) {
    case "words":
      return completeWords(values.words);
    case "files":
      return 'compopt -o filenames; COMPREPLY+=($(compgen -f -- "$current"))';
    case "folders":
      return 'compopt -o filenames; COMPREPLY+=($(compgen -d -- "$current"))';
    case "any":
      return ":";
  }
}
