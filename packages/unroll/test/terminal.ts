/** A terminal that keeps what a command says. Only for tests. */
import type { Terminal } from "../src/cli/command.ts";

export function terminal(): Terminal & { out: (text: string) => void; text: string; notes: string } {
  return {
    text: "",
    notes: "",
    out(text) {
      this.text += text;
    },
    note(text) {
      this.notes += text;
    },
    columns: 80,
    color: false,
    interactive: false,
  };
}
