import { describe, expect, it } from "vitest";
import { printable } from "./printable.ts";

describe("printable", () => {
  it("leaves what the command line writes", () => {
    for (const text of [
      "a\tb\n",
      "\r3 done \u001b[K",
      "\u001b[1mtitle\u001b[22m",
      "\u001b[31mwrong\u001b[39m\u001b[0m",
      "1,2\r\n3,4\r\n",
      "σ é 漢 ━",
    ])
      expect(printable(text)).toBe(text);
  });

  it("takes the power from control characters of a file's names", () => {
    expect(printable("lstm\u001b[2J\u001b]0;title\u0007")).toBe("lstm�[2J�]0;title�");
    expect(printable("hidden\u001b[8m text\u009b1A")).toBe("hidden�[8m text�1A");
    expect(printable("good\rbad")).toBe("good�bad");
    expect(printable("\u0000\u007f")).toBe("��");
  });
});
