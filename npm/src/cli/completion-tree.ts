/** The tree of commands as completion needs it. */

import type { Argument, Command, Option } from "commander";

/** What may stand in a place. */
export type Values = { kind: "words"; words: readonly string[] } | { kind: "files" } | { kind: "folders" } | { kind: "any" };

export interface OptionSpec {
  /** `--schema`, and `-s` if there is one. */
  flags: string[];
  description: string;
  /** What its value may be; `undefined` for a switch. */
  values: Values | undefined;
}

export interface CommandSpec {
  /** Names from the root on, the root left out. */
  path: string[];
  summary: string;
  options: OptionSpec[];
  commands: CommandSpec[];
  /** What its arguments may be; `undefined` if it takes none. */
  values: Values | undefined;
}

/** What a shell needs to know of a command and those below it. */
export function describeTree(command: Command, path: string[] = []): CommandSpec {
  const help = command.createHelp();
  const children = help.visibleCommands(command).filter((child) => child.name() !== "help");
  const [argument] = command.registeredArguments;
  return {
    path,
    summary: help.subcommandDescription(command),
    options: help.visibleOptions(command).map(describeOption),
    commands: children.map((child) => describeTree(child, [...path, child.name()])),
    values: argument === undefined ? undefined : valuesOf(argument.name(), argument),
  };
}

function describeOption(option: Option): OptionSpec {
  const flags = [option.long, option.short].filter((flag): flag is string => flag !== undefined && flag !== null);
  const takesValue = option.required || option.optional;
  const name = /[<[]([\w-]+)/.exec(option.flags)?.[1] ?? "";
  return { flags, description: option.description, values: takesValue ? valuesOf(name, option) : undefined };
}

/** A place that is called a file or a folder is one. */
function valuesOf(name: string, place: Option | Argument): Values {
  if (place.argChoices !== undefined) return { kind: "words", words: place.argChoices };
  if (/^(?:file|path)$/.test(name)) return { kind: "files" };
  if (/^(?:dir|directory|folder)$/.test(name)) return { kind: "folders" };
  return { kind: "any" };
}

/** The command and all below it. */
export function flatten(spec: CommandSpec): CommandSpec[] {
  return [spec, ...spec.commands.flatMap(flatten)];
}
