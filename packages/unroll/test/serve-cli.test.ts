/** The command line's side of the service and of predictions in pieces. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { main } from "../src/cli/main.ts";
import { startService } from "../src/serve/index.ts";
import { checkServiceOptions, readLabels, readToken } from "../src/serve/options.ts";
import { bytesOfModel, nested, smallModel, temporaryFolder, wave } from "../src/serve/testing.ts";
import { terminal } from "./terminal.ts";

async function saved(): Promise<string> {
  const path = join(temporaryFolder(), "small.keras");
  writeFileSync(path, await bytesOfModel(smallModel()));
  return path;
}

/** Until the text says what is looked for. */
async function until(look: () => string | undefined): Promise<string> {
  for (;;) {
    const found = look();
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

describe("unroll serve", () => {
  it("says of an address that this machine does not have which flag to change, and nothing of a stop", async () => {
    const lines: string[] = [];
    // An address kept for documentation, which no machine has.
    const started = startService({
      models: [await saved()],
      host: "192.0.2.1",
      port: 0,
      threads: 0,
      log: (line) => lines.push(line),
    });
    await expect(started).rejects.toThrow(
      /^192\.0\.2\.1:0: .*EADDRNOTAVAIL\. This machine has no such address: .* --host/,
    );
    expect(lines.join("")).not.toContain("stop");
  });

  it("says where it listens, answers, loads again at SIGHUP and ends at SIGTERM", async () => {
    const path = await saved();
    const screen = terminal();
    const [hangups, terms] = [process.listeners("SIGHUP"), process.listeners("SIGTERM")];
    const ended = main(
      ["serve", `net:2=${path}`, "--port", "0", "--threads", "0", "--json", "--log", "silent"],
      screen,
    );
    const url = await until(() => /"url": "([^"]+)"/.exec(screen.text)?.[1]);
    expect(JSON.parse(screen.text)).toEqual({ url, models: [{ name: "net", version: 2 }] });
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    const x = wave([1, 4, 3]);
    const ask = async () => {
      const body = JSON.stringify({ instances: nested(x) });
      const response = await fetch(`${url}/v1/models/net:predict`, { method: "POST", body });
      return ((await response.json()) as { predictions: number[][] }).predictions[0];
    };
    expect(await ask()).toEqual([...smallModel().predict(x).data]);
    writeFileSync(path, await bytesOfModel(smallModel(9)));
    for (const listener of process.listeners("SIGHUP")) if (!hangups.includes(listener)) listener("SIGHUP");
    const renewed = String([...smallModel(9).predict(x).data]);
    for (let tries = 0; tries < 500 && String(await ask()) !== renewed; tries++);
    expect(String(await ask())).toBe(renewed);
    for (const listener of process.listeners("SIGTERM")) if (!terms.includes(listener)) listener("SIGTERM");
    expect(await ended).toBe(0);
    await expect(fetch(url)).rejects.toThrow();
    expect(process.listeners("SIGHUP")).toEqual(hangups);
  });

  it("refuses models, labels and numbers that make no sense, with a sentence", async () => {
    const cases: [string[], string][] = [
      [["none.keras"], "none.keras: the model's file or folder must be readable. Received: there is no such file."],
      [
        ["a b.keras"],
        "unroll serve: a model's name must be letters, digits, dots, dashes and underscores. Received: a b. Write NAME=FILE.",
      ],
      [
        [await saved(), "--threads", "99"],
        "unroll serve: threads must be a whole number from 0 to 64. Received: threads = 99.",
      ],
      [[await saved(), "--label", "x"], "unroll serve: a label must be NAME:LABEL=VERSION. Received: x."],
      [
        [await saved(), "--label", "other:x=1"],
        "unroll serve: a label must be of a model that is served. Received: other. They are small.",
      ],
      [[await saved(), "--token-file", "none"], "none: the token's file must be readable. Received: ENOENT."],
    ];
    for (const [words, sentence] of cases) {
      const screen = terminal();
      expect([await main(["serve", "--threads", "0", "--port", "0", ...words], screen), screen.notes]).toEqual([
        2,
        `${sentence}\n`,
      ]);
    }
  });

  it("takes its token from a file or a variable; an empty file does not open it", async () => {
    const file = join(temporaryFolder(), "token");
    writeFileSync(file, "a token of ours\nsecond line\n");
    expect(await readToken(file)).toBe("a token of ours");
    writeFileSync(file, "\n");
    await expect(readToken(file)).rejects.toThrow("must hold a token");
    const before = process.env.UNROLL_TOKEN;
    try {
      process.env.UNROLL_TOKEN = "from outside";
      expect(await readToken(undefined)).toBe("from outside");
      process.env.UNROLL_TOKEN = "";
      expect(await readToken(undefined)).toBeUndefined();
    } finally {
      if (before === undefined) delete process.env.UNROLL_TOKEN;
      else process.env.UNROLL_TOKEN = before;
    }
  });

  it("knows its options", () => {
    expect(checkServiceOptions({ models: ["a"], port: undefined })).toMatchObject({ port: 8501, host: "127.0.0.1" });
    expect(() => checkServiceOptions({ models: [] })).toThrow("at least one model");
    expect(() => checkServiceOptions({ models: ["a"], maxRows: 1.5 })).toThrow("maxRows must be a whole number");
    const large = { models: ["a"], maxBody: 2 ** 29 };
    expect(checkServiceOptions(large).maxBodies).toBe(2 ** 29);
    expect(() => checkServiceOptions({ ...large, maxBodies: 2 ** 28 })).toThrow("maxBodies must be maxBody or more");
    for (const token of ["two words here", "schl\u00fcssel-1"]) {
      expect(() => checkServiceOptions({ models: ["a"], token })).toThrow("as a header can carry");
    }
    expect(readLabels(["a:x=1", "a:y=2"]).get("a")).toEqual(new Map(Object.entries({ x: 1, y: 2 })));
  });
});

describe("unroll predict from CSV to CSV", () => {
  it("writes a line for each window, with the line that ends it", async () => {
    const [path, folder] = [await saved(), temporaryFolder()];
    const x = wave([9, 3]);
    const rows = Array.from({ length: 9 }, (_, i) => [...x.data.subarray(3 * i, 3 * i + 3)]);
    const [input, out] = [join(folder, "in.csv"), join(folder, "out.csv")];
    writeFileSync(input, `a,b,c\n${rows.map((row) => row.join(",")).join("\n")}\n`);
    const screen = terminal();
    const words = ["predict", path, "--input", input, "--out", out, "--lookback", "4", "--workers", "0", "--json"];
    expect([await main(words, screen), screen.notes]).toEqual([0, `Wrote ${out}: 6 rows.\n`]);
    expect(JSON.parse(screen.text)).toEqual({ out, rows: 6, resumedChunks: 0 });
    const wanted = smallModel().predict(Array.from({ length: 6 }, (_, i) => rows.slice(i, i + 4)));
    const lines = Array.from({ length: 6 }, (_, i) => `${i + 5},${wanted.data[2 * i]},${wanted.data[2 * i + 1]}`);
    expect(readFileSync(out, "utf8")).toBe(`line,output_0,output_1\n${lines.join("\n")}\n`);
  });

  it("says where the first NaN is, once", async () => {
    const [path, folder] = [await saved(), temporaryFolder()];
    const [input, out] = [join(folder, "in.csv"), join(folder, "out.csv")];
    writeFileSync(input, "a,b,c\n1,2,3\n4,nan,6\n7,8,nan\n1,2,3\n1,2,3\n1,2,3\n");
    const screen = terminal();
    expect(await main(["predict", path, "--input", input, "--out", out, "--lookback", "2"], screen)).toBe(0);
    expect(screen.notes).toBe(`The input has NaN, first on line 3, column b.\nWrote ${out}: 5 rows.\n`);
    expect(readFileSync(out, "utf8").split("\n")[1]).toBe("3,NaN,NaN");
  });

  it("says what --lookback goes with", async () => {
    const screen = terminal();
    const words = ["predict", await saved(), "--input", "x.npy", "--lookback", "4"];
    expect(await main(words, screen)).toBe(2);
    expect(screen.notes).toContain("--lookback goes with --input X.csv --out Y.csv");
  });
});
