/** The terminal of a process: its streams, their width, and remarks that break between words. */
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
      void stderr.write(stderr.isTTY === true ? wrapNote(printable(text), stderr.columns ?? 80) : printable(text)),
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
    .map((line) => (line.length <= columns || staysWhole(line) ? line : brokenAt(line, columns).join("\n")))
    .join("\n");
}

function staysWhole(line: string): boolean {
  return line.startsWith(" ") || line.includes("\r") || line.includes("\u001b");
}

function brokenAt(line: string, columns: number): string[] {
  const lines: string[] = [];
  let current = "";
  for (const word of line.split(" ")) {
    if (current !== "" && current.length + 1 + word.length > columns) {
      lines.push(current);
      current = word;
    } else {
      current = current === "" ? word : `${current} ${word}`;
    }
  }
  return [...lines, current];
}
