import { describe, expect, it } from "vitest";
import { wrapText } from "./lines.ts";

describe("a formula that is too long for a line", () => {
  it("breaks at its equals signs, and parts no letter from its number in what stands behind it", () => {
    const line =
      "  axis 1: floor((T − k) / s) + 1 = floor((12 − 2) / 2) + 1 = 6  (T = 12: timesteps (axis 1 of the input); k = 2: window size (option poolSize))";
    expect(wrapText(line, 60)).toBe(
      [
        "  axis 1: floor((T − k) / s) + 1 = floor((12 − 2) / 2) + 1",
        "    = 6  (T = 12: timesteps (axis 1 of the input);",
        "    k = 2: window size (option poolSize))",
      ].join("\n"),
    );
    for (const width of [24, 30, 40, 50, 80, 100]) {
      const lines = wrapText(line, width).split("\n");
      expect(lines.join(" ").replaceAll(/ +/g, " ")).toBe(line.replaceAll(/ +/g, " "));
      expect(lines.filter((one) => /[(; ][Tk]$/.test(one) || /^\s*= \d+:/.test(one))).toEqual([]);
      expect(lines.every((one) => one === one.trimEnd())).toBe(true);
    }
  });
});
