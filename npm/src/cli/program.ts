/** The tree of commands. */

import { Command, CommanderError, type AddHelpTextContext, type AddHelpTextPosition } from "commander";

import { register as registerCheck } from "./check.ts";
import { register as registerCompletion } from "./completion.ts";
import { register as registerDeadLetters } from "./dead-letters.ts";
import { register as registerDecode } from "./decode.ts";
import { EXIT, describeError, exitCodeOf } from "./exit.ts";
import { register as registerInit } from "./init.ts";
import { fitted } from "./help-text.ts";
import { register as registerPull } from "./pull.ts";
import { register as registerReplay } from "./replay.ts";
import { register as registerReport } from "./report.ts";
import { register as registerSign } from "./sign.ts";
import { register as registerStatus } from "./status.ts";
import { documentsForTerminal } from "./terminal.ts";
import { VERSION } from "./version.ts";

const HELP = `
Examples:
  edgesiem decode page.json                       decode a page of events that was fetched before
  edgesiem sign GET '/siem/v1/configs/14227?offset=NULL' --curl | sh
  edgesiem pull --config edgesiem.toml --follow   pull, convert and deliver until interrupted
  edgesiem report packs                           reports of Akamai's Security Monitor, on demand

Exit code: 0 all well, 1 some input was rejected, 2 wrong usage or configuration, 3 a source or a sink failed.`;

/** A command whose texts beside the list of options are as wide as that list. */
class FittedCommand extends Command {
  override createCommand(name?: string): FittedCommand {
    return new FittedCommand(name);
  }

  override addHelpText(position: AddHelpTextPosition, text: string | ((context: AddHelpTextContext) => string)): this {
    return super.addHelpText(position, (context) => {
      const { getErrHelpWidth, getOutHelpWidth } = this.configureOutput();
      // Without a terminal Commander takes this width too; one whose size nobody set says 0.
      const width = (context.error ? getErrHelpWidth : getOutHelpWidth)?.() || 80;
      return fitted(typeof text === "string" ? text : text(context), Math.max(width, LEAST_WIDTH));
    });
  }
}

/** On a terminal that is narrower, lines are broken by it and not by words. */
const LEAST_WIDTH = 30;

/** The command with all its subcommands. */
export function buildProgram(): Command {
  const program = new FittedCommand("edgesiem")
    .description("Pulls security events of Akamai and of Trend Micro Cloud App Security, decodes them, and delivers them at least once.")
    .version(VERSION, "-V, --version", "print the version")
    .helpOption("-h, --help", "print help")
    .helpCommand("help [command]", "print help for a command")
    .showSuggestionAfterError()
    .exitOverride()
    .configureOutput({
      // What was typed is quoted in messages, and a script may have taken it from anywhere.
      outputError: (text, write) => write(documentsForTerminal(`edgesiem: ${text}`)),
    })
    .addHelpText("after", HELP);
  const registrations = [
    registerDecode,
    registerSign,
    registerInit,
    registerPull,
    registerReplay,
    registerStatus,
    registerCheck,
    registerDeadLetters,
    registerReport,
    registerCompletion,
  ];
  for (const register of registrations) register(program);
  hintAtHelp(program, "edgesiem");
  return program;
}

function hintAtHelp(command: Command, path: string): void {
  command.showHelpAfterError(`  ${path} --help shows what there is`);
  for (const child of command.commands) hintAtHelp(child, `${path} ${child.name()}`);
}

/** Runs a command line, without the program's name, and leaves its exit code in `process.exitCode`. */
export async function run(args: readonly string[]): Promise<void> {
  try {
    await buildProgram().parseAsync(args, { from: "user" });
  } catch (error) {
    if (error instanceof CommanderError) {
      process.exitCode = error.exitCode === 0 ? EXIT.ok : EXIT.usage;
      return;
    }
    process.stderr.write(describeError(error));
    // Not `exitCode`: what still reads or writes would keep the process.
    process.exit(exitCodeOf(error));
  }
}
