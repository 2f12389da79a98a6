import { describe, expect, it } from "vitest";
import { terminalOf, wrapNote } from "./process-terminal.ts";

function streams(isTTY: boolean) {
  const written: string[] = [];
  const stream = { isTTY, columns: 40, on: () => stream, write: (text: string) => written.push(text) };
  const process = { stdout: stream, stderr: stream, env: {}, exit: () => {} } as unknown as NodeJS.Process; // as far as it is used
  return { terminal: terminalOf(process), written };
}

const remark = "Wrote /a/long/path/to/the/model-of-this-week.keras, and what a forecast needs beside it.\n";

describe("remarks", () => {
  it("break between words at the terminal's width, and paths stay whole", () => {
    const { terminal, written } = streams(true);
    terminal.note(remark);
    expect(written).toEqual([
      "Wrote\n/a/long/path/to/the/model-of-this-week.keras,\nand what a forecast needs beside it.\n",
    ]);
  });

  it("are one line where no terminal shows them, and results are never touched", () => {
    const file = streams(false);
    file.terminal.note(remark);
    expect(file.written).toEqual([remark]);
    const shown = streams(true);
    shown.terminal.out(remark);
    expect(shown.written).toEqual([remark]);
  });

  it("that draw over others, and commands to copy, stay as they are", () => {
    for (const line of [`\r${"=".repeat(50)} a`, "  unroll train a.csv --target x --resume"]) {
      expect(wrapNote(line, 20)).toBe(line);
    }
  });
});
