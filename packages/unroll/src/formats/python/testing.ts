/** Helps this folder's tests write notebooks and look at the models in them; not part of the library. */
import "../../model/summaries.ts";
import { summaryJson } from "../../model/summary-table.ts";
import { modelFromConfig } from "../keras-model.ts";
import { readKerasCode } from "./read.ts";
import type { CodeModel, CodeReading } from "./reading.ts";

/** What their code begins with. */
export const imports = "import keras\nimport tensorflow as tf\nfrom keras import layers, ops\n";

/** Name, class, shape and count of each row, as the summary has them. */
export function rowsOf({ config }: CodeModel): unknown[] {
  const { layers } = summaryJson(modelFromConfig(config, { keepNames: true }).summaryTable("keras2"));
  return layers.map(({ name, type, outputShape, params }) => [name, type, outputShape, params]);
}

/** A Keras 2 table of these rows: name, class, shape, count. */
export function printed(name: string, rows: readonly (readonly [string, string, string, number])[]): string {
  const total = rows.reduce((sum, row) => sum + row[3], 0);
  return [
    `Model: "${name}"`,
    " Layer (type)                Output Shape              Param #   ",
    "=".repeat(65),
    ...rows.map(([row, type, shape, params]) => ` ${`${row} (${type})`.padEnd(27)} ${shape.padEnd(25)} ${params}`),
    `Total params: ${total}`,
    `Trainable params: ${total}`,
    "Non-trainable params: 0",
  ].join("\n");
}

/** A notebook of these cells: code, and what is printed below it. */
export function read(...cells: readonly (readonly [string, string?])[]): CodeReading {
  return readKerasCode(
    JSON.stringify({
      cells: cells.map(([source, output]) => ({
        cell_type: "code",
        source,
        outputs: output === undefined ? [] : [{ text: output }],
      })),
    }),
  );
}
