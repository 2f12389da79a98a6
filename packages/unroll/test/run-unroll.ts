/** Runs one command line of `unroll` in this process and keeps what it says, as a terminal of 80 columns without colour would. */
import type { Terminal } from "../src/cli/command.ts";
import { main } from "../src/cli/main.ts";

export interface Result {
  readonly code: number;
  readonly out: string;
  readonly note: string;
}

export async function unroll(...words: string[]): Promise<Result> {
  let out = "";
  let note = "";
  const terminal: Terminal = {
    out: (text) => {
      out += text;
    },
    note: (text) => {
      note += text;
    },
    columns: 80,
    color: false,
    interactive: false,
  };
  const code = await main(words, terminal);
  return { code, out, note };
}
