import { describe, expect, it } from "vitest";
import { nextSteps } from "./tour.ts";

describe("the next steps behind a tour", () => {
  const plain = { bold: (text: string): string => text };

  it.each(["a.h5", "model.keras", "twenty-letters.keras", "models/of/last-year/price.keras"])(
    "keep commands and words apart, in 80 columns: %s",
    (file) => {
      const lines = nextSteps(plain, file).trim().split("\n").slice(1);
      for (const line of lines) {
        expect(line).toMatch(/^ *n\S.* {2}[a-z]/);
        expect(line.length).toBeLessThanOrEqual(80);
      }
      expect(lines.join("\n")).toContain(`check ${file.length > 20 ? "FILE" : file} --params 120  `);
    },
  );
});
