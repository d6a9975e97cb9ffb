/**
 * `edgesiem completion`: a script that completes commands, options and their values. It is made of the tree of commands when it
 * is printed, so that completing starts no process, and file names complete as the shell does it.
 */

import { Argument, type Command } from "commander";

import { bashScript } from "./completion-bash.ts";
import { fishScript } from "./completion-fish.ts";
import { describeTree, type CommandSpec } from "./completion-tree.ts";
import { print } from "./output.ts";
import { zshScript } from "./completion-zsh.ts";

const SCRIPTS = { bash: bashScript, zsh: zshScript, fish: fishScript } as const satisfies Record<string, (name: string, root: CommandSpec) => string>;

const HELP = `
Examples:
  echo 'source <(edgesiem completion bash)' >> ~/.bashrc
  echo 'source <(edgesiem completion zsh)' >> ~/.zshrc
  edgesiem completion fish > ~/.config/fish/completions/edgesiem.fish`;

/** Adds the command, which describes those that are added after it too. */
export function register(program: Command): void {
  program
    .command("completion")
    .summary("print a script that completes this command in a shell")
    .description("Prints a script that completes commands, options and their values.")
    .addArgument(new Argument("<shell>", "whose script").choices(Object.keys(SCRIPTS)))
    .addHelpText("after", HELP)
    .action((shell: keyof typeof SCRIPTS) => {
      print(SCRIPTS[shell](program.name(), describeTree(program)));
    });
}
