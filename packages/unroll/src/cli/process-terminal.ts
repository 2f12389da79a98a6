/** The terminal of a process: its streams, their width, and remarks that break between words. */
import { wrapLine } from "../explain/lines.ts";
import { endWhenClosed } from "./closed-pipes.ts";
import type { Terminal } from "./command.ts";
import { printable } from "./printable.ts";

/** The part of a process that is written to. */
interface Streams {
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  readonly env: NodeJS.ProcessEnv;
  exit(code: number): void;
}

export function terminalOf(streams: Streams): Terminal {
  const { stdout, stderr, env } = streams;
  const interactive = stdout.isTTY === true;
  endWhenClosed({ stdout, stderr }, (code) => streams.exit(code));
  return {
    out: (text) => void stdout.write(printable(text)),
    // In a file a line may be as long as it likes: programs read it.
    note: (text) =>
      void stderr.write(wrapNote(printable(text), stderr.isTTY ? (stderr.columns ?? 80) : Number.POSITIVE_INFINITY)),
    columns: interactive ? (stdout.columns ?? 80) : 80,
    color: interactive && (env.NO_COLOR === undefined || env.NO_COLOR === "") && env.TERM !== "dumb",
    interactive,
    redraws: stderr.isTTY === true && env.TERM !== "dumb",
  };
}

/**
 * Breaks long lines between words; a path without spaces stays whole. Lines that draw over others stay as they are, and so do
 * indented ones, which may be a command to copy.
 */
export function wrapNote(text: string, columns: number): string {
  return text
    .split("\n")
    .flatMap((line) => (staysWhole(line) ? [line] : wrapLine(line, columns)))
    .join("\n");
}

function staysWhole(line: string): boolean {
  return line.startsWith(" ") || line.includes("\r") || line.includes("\u001b");
}
