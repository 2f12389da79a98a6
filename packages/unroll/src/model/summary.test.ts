import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { UnrollError } from "../core/errors.ts";
import { type SummaryTextOptions, summaryText } from "./summary.ts";
import { memorySize, type SummaryTable, summaryJson } from "./summary-table.ts";

interface Case {
  readonly id: string;
  readonly table: SummaryTable;
  readonly options: SummaryTextOptions;
  readonly text: string;
}

const fixture = new URL("../../../../fixtures/keras/summary-texts.json.gz", import.meta.url);
const { cases } = JSON.parse(gunzipSync(readFileSync(fixture)).toString()) as { cases: readonly Case[] };
const tableOf = (id: string): SummaryTable => cases.find((one) => one.id === id)!.table;

describe("summary text", () => {
  it.each(cases.map((one) => [`${one.id} ${JSON.stringify(one.options)}`, one] as const))(
    "is byte for byte what Keras prints: %s",
    (_, { table, options, text }) => {
      expect(summaryText(table, options)).toBe(text);
    },
  );

  it("rounds halves of the second decimal to the even digit, as Python does", () => {
    expect(memorySize(1152, "B")).toBe("1.12 KB");
    expect(memorySize(1408, "B")).toBe("1.38 KB");
    expect(memorySize(1023, "Byte")).toBe("1023.00 Byte");
  });

  it("refuses a Keras 2 table of an unbuilt model and says what to do", () => {
    expect(() => summaryText(tableOf("unbuilt"), { style: "keras2" })).toThrow(
      "Keras 2 prints a summary only of a built model. Received: lstm has no arrays yet.",
    );
  });

  it("refuses widths, styles and versions that it cannot print", () => {
    const table = tableOf("branches");
    expect(() => summaryText(table, { width: 12 })).toThrow(UnrollError);
    expect(() => summaryText(table, { width: 12, style: "keras2" })).toThrow("Give a larger width.");
    for (const size of [0, 0.5, 1e9, Number.NaN, "80" as unknown as number]) {
      expect(() => summaryText(table, { width: size })).toThrow("width must be a whole number of characters");
      expect(() => summaryText(table, { terminal: size })).toThrow("terminal must be a whole number of characters");
    }
    expect(() => summaryText(table, { style: "keras2", version: "3.1" })).toThrow('version = "3.1"');
    expect(() => summaryText(table, { style: "rich" as "keras3" })).toThrow('style must be "keras2" or "keras3"');
  });

  it("refuses positions and ranges of layers that fit no table", () => {
    const table = tableOf("branches");
    expect(() => summaryText(table, { positions: [0.5, 0.8, 1] })).toThrow("positions must be 4 numbers");
    for (const style of ["keras2", "keras3"] as const) {
      expect(() => summaryText(table, { positions: [0.5, 0.8, 1, 1e9], style })).toThrow("numbers up to 10000");
      expect(() => summaryText(table, { positions: [0.5, 0.8, 1, Number.NaN], style })).toThrow("numbers up to 10000");
    }
    expect(() => summaryText(table, { positions: [0.5, 0.51, 0.8, 1] })).toThrow("at least 4 characters");
    expect(() => summaryText(table, { layerRange: ["left", "lstm"] })).toThrow(
      "must be two names that layers of the model have",
    );
    expect(() => summaryText(table, { layerRange: ["left"] as unknown as [string, string] })).toThrow("two names");
    expect(() => summaryText(table, { layerRange: ["(", "left"] })).toThrow("regular expressions");
  });

  it("leaves the model's name out before Keras 2.3 and prints a plain input shape before TensorFlow 2", () => {
    const table = tableOf("plain_functional");
    const old = summaryText(table, { style: "keras2", version: "2.2.4" });
    expect(old.split("\n")[0]).toBe("_".repeat(65));
    expect(old).toContain("(None, None, 3)");
    expect(old).not.toContain("[(None");
    expect(summaryText(table, { style: "keras2", version: "2.2.4-tf" })).toContain("[(None, None, 3)]");
    const branches = tableOf("branches");
    expect(summaryText(branches, { style: "keras2", version: "2.2.4" })).toContain("shared_tower[1][0]");
    expect(summaryText(branches, { style: "keras2", version: "2.12" })).toContain("'shared_tower[0][0]',");
  });
});

describe("summary as JSON", () => {
  it("gives null for None, a list of shapes for several outputs and null for unbuilt layers", () => {
    const states = summaryJson(tableOf("states"));
    expect(states.layers.find((layer) => layer.name === "encoder")).toEqual({
      name: "encoder",
      type: "LSTM",
      outputShape: [
        [null, 7, 4],
        [null, 4],
        [null, 4],
      ],
      params: 112,
    });
    expect(summaryJson(tableOf("unbuilt")).layers[0]).toEqual({
      name: "lstm",
      type: "LSTM",
      outputShape: null,
      params: null,
    });
  });
});
