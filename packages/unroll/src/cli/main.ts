/**
 * The command line: finds the command, reads its arguments, prints errors as sentences and sets the exit code
 * (0 success, 1 a check failed, 2 bad input). Each command is one file and is loaded only when called.
 */
import { didYouMean, UnrollError } from "../core/errors.ts";
import { type Command, helpFor, readArguments, type Terminal } from "./command.ts";
import { terminalOf } from "./process-terminal.ts";

/** Every command: name → its file. Adding a command: one file and one line. */
const commands: Readonly<Record<string, () => Promise<Command>>> = {
  summary: async () => (await import("./summary.ts")).summary,
  explain: async () => (await import("./explain.ts")).explain,
  trace: async () => (await import("./trace.ts")).trace,
  solve: async () => (await import("./solve.ts")).solve,
  verify: async () => (await import("./verify.ts")).verify,
  predict: async () => (await import("./predict.ts")).predict,
  train: async () => (await import("./train.ts")).train,
  sweep: async () => (await import("./sweep.ts")).sweepCommand,
  worker: async () => (await import("./worker.ts")).worker,
  check: async () => (await import("./check.ts")).check,
  compare: async () => (await import("./compare.ts")).compare,
  audit: async () => (await import("./audit.ts")).audit,
  quiz: async () => (await import("./quiz.ts")).quiz,
  convert: async () => (await import("./convert.ts")).convert,
  serve: async () => (await import("./serve.ts")).serve,
  lab: async () => (await import("./lab.ts")).lab,
  tour: async () => (await import("./tour.ts")).tour,
};

/** Runs one command line; `words` are the arguments behind the program's name. Resolves to the exit code. */
export async function main(words: readonly string[], terminal: Terminal = terminalOf(process)): Promise<number> {
  const [name, ...rest] = words;
  let command: Command | undefined;
  try {
    if (name === undefined || name === "--help" || name === "-h" || name === "help") {
      terminal.out(await overview());
      return 0;
    }
    if (name === "--version" || name === "version") {
      const { version } = await import("../core/package-version.ts");
      terminal.out(`${await version()}\n`);
      return 0;
    }
    const load = Object.hasOwn(commands, name) ? commands[name] : undefined;
    if (load === undefined) {
      throw new UnrollError({
        code: "usage",
        path: "unroll",
        expected: `the command must be one of ${Object.keys(commands).join(", ")}`,
        received: name,
        hint: didYouMean(name, Object.keys(commands)) ?? "See unroll --help.",
      });
    }
    command = await load();
    const read = readArguments(command, rest);
    if (read.flags.help === true) {
      terminal.out(helpFor(command));
      return 0;
    }
    return await command.run({ ...read, terminal });
  } catch (error) {
    return await report(error, terminal, command);
  }
}

async function report(error: unknown, terminal: Terminal, command: Command | undefined): Promise<number> {
  if (error instanceof UnrollError) {
    const { withoutProgramming } = await import("../formats/hint-words.ts");
    const { withFlags } = await import("./flag-words.ts");
    const said = withoutProgramming(error);
    terminal.note(`${(command === undefined ? said : withFlags(said, command)).message}\n`);
    return 2;
  }
  const message = error instanceof Error ? error.message : String(error);
  terminal.note(`unroll: something went wrong that should not: ${message}\n`);
  if ((process.env.UNROLL_DEBUG ?? "") !== "" && error instanceof Error) terminal.note(`${error.stack}\n`);
  else terminal.note("Set UNROLL_DEBUG=1 to see where, and please report it.\n");
  return 2;
}

async function overview(): Promise<string> {
  const rows = await Promise.all(
    Object.values(commands).map(async (load) => {
      const { name, doc } = await load();
      return `  ${name.padEnd(10)}${doc}`;
    }),
  );
  return `Recurrent neural networks you can check by hand.\n\nusage: unroll COMMAND ...\n\n${rows.join("\n")}\n\nunroll COMMAND --help says more of each; unroll --version says which this is.\n`;
}
