import { describe, expect, it } from "vitest";
import type { Progress } from "../../training/fit-options.ts";
import type { Terminal } from "../command.ts";
import { barOf, showProgress } from "./progress.ts";

const progress = (parts: Partial<Progress>): Progress => ({
  epoch: 0,
  epochs: 2,
  batch: 12,
  batches: 50,
  logs: { loss: 0.12345, mae: 0.00012345 },
  done: false,
  milliseconds: 960,
  ...parts,
});

function terminal(parts: Partial<Terminal> = {}): Terminal & { said: string } {
  const made = {
    said: "",
    out: () => {},
    note(text: string) {
      made.said += text;
    },
    columns: 80,
    color: false,
    interactive: false,
    ...parts,
  };
  return made;
}

describe("the bar", () => {
  it("has Keras's form: batches, bar, time left, time a step, numbers", () => {
    expect(barOf(progress({}), { columns: 120, color: false })).toBe(
      "12/50 ━━━━──────────────── 3s 80ms/step - loss: 0.1235 - mae: 1.2345e-04",
    );
  });

  it("is green as far as it goes, as Keras paints it", () => {
    expect(barOf(progress({ batch: 25, logs: {} }), { columns: 120, color: true })).toBe(
      "25/50 \u001b[32m━━━━━━━━━━\u001b[0m\u001b[37m━━━━━━━━━━\u001b[0m 0s 38ms/step",
    );
  });

  it("says at the end how long the epoch took", () => {
    expect(
      barOf(progress({ batch: 50, done: true, milliseconds: 125_000, logs: {} }), { columns: 120, color: false }),
    ).toBe("50/50 ━━━━━━━━━━━━━━━━━━━━ 2:05 3s/step");
  });

  it("never fills more than a line, which could not be drawn over", () => {
    const logs = Object.fromEntries(Array.from({ length: 9 }, (_, i) => [`metric_${i}`, i]));
    for (const columns of [20, 40, 79, 80]) {
      const bar = barOf(progress({ logs }), { columns, color: false });
      expect(bar.length).toBeLessThan(Math.max(columns, 28));
      for (const number of bar.split(" - ").slice(1)) expect(number).toMatch(/^metric_\d: \d/);
    }
  });
});

describe("progress", () => {
  it("is one line an epoch where notes go to a file", () => {
    const shown = terminal();
    const show = showProgress(shown);
    for (const batch of [1, 2]) show(progress({ batch, batches: 2 }));
    show(progress({ batch: 2, batches: 2, done: true, milliseconds: 40 }));
    expect(shown.said).toBe("Epoch 1/2 - 2/2 - 0s - 20ms/step - loss: 0.1235 - mae: 1.2345e-04\n");
  });

  it("breaks a line that is too long between two numbers", () => {
    const logs = { loss: 0.12345, mae: 0.23456, val_loss: 0.34567, val_mae: 1.2345e-4 };
    const shown = terminal();
    showProgress(shown)(progress({ epoch: 9, epochs: 30, batch: 45, done: true, milliseconds: 1800, logs }));
    expect(shown.said).toBe(
      "Epoch 10/30 - 45/45 - 2s - 40ms/step - loss: 0.1235 - mae: 0.2346\n  val_loss: 0.3457 - val_mae: 1.2345e-04\n",
    );
    const narrow = terminal({ columns: 40 });
    showProgress(narrow)(progress({ epoch: 9, epochs: 30, batch: 45, done: true, milliseconds: 1800, logs }));
    for (const line of narrow.said.split("\n")) expect(line.length).toBeLessThanOrEqual(40);
    expect(narrow.said.replaceAll("\n  ", " - ")).toBe(shown.said.replaceAll("\n  ", " - "));
  });

  it("is drawn over on a terminal, not more often than anybody sees", () => {
    const shown = terminal({ redraws: true });
    let time = 0;
    const show = showProgress(shown, () => time);
    for (let batch = 1; batch <= 50; batch++) {
      time += 10;
      show(progress({ batch, logs: {} }));
    }
    show(progress({ batch: 50, logs: {}, done: true }));
    expect(shown.said.startsWith("Epoch 1/2\n\r 1/50 ")).toBe(true);
    expect(shown.said.endsWith("\u001b[K\n")).toBe(true);
    // 500 ms hold ten drawings, and the end has its own.
    expect(shown.said.split("\r")).toHaveLength(12);
  });
});
