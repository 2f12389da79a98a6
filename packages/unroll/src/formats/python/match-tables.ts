/** Which printed table belongs to which model, and what the table then tells of the model's input. */

import type { KerasModel, ModelSnapshot } from "./keras-graph.ts";
import type { PrintedTable } from "./printed-models.ts";
import type { ParsedSummary } from "./summary-text.ts";
import { listedLayers, rowFits, shownIn } from "./table-rows.ts";
import { Unknown } from "./unknown.ts";

/** Gives each table to the summary() call that printed it: in order, or to the next that fits. */
export function matchTables(
  models: readonly KerasModel[],
  tables: readonly (readonly ParsedSummary[])[],
): PrintedTable[] {
  const calls = models.flatMap((model) => model.snapshots.map((snapshot) => ({ model, snapshot })));
  const left: PrintedTable[] = [];
  tables.forEach((printed, i) => {
    const here = calls
      .filter(({ snapshot }) => snapshot.at.cell === i + 1)
      .sort((a, b) => a.snapshot.order - b.snapshot.order);
    if (here.length === printed.length) {
      here.forEach(({ snapshot }, k) => {
        snapshot.printed = printed[k];
      });
      return;
    }
    const waiting = [...here];
    for (const table of printed) {
      const at = waiting.findIndex(({ model, snapshot }) => fits(table, model, snapshot));
      if (at < 0) {
        left.push({ table, cell: i + 1 });
        continue;
      }
      waiting[at]!.snapshot.printed = table;
      waiting.splice(0, at + 1);
    }
  });
  return left.filter(({ table, cell }) => !matchByName(models, table, cell));
}

/** A table whose call was not followed (a model that was loaded again) is that of the model with its name. */
function matchByName(models: readonly KerasModel[], printed: ParsedSummary, cell: number): boolean {
  if (printed.modelName === undefined) return false;
  const model = models.find(
    (one) => one.name === printed.modelName && one.snapshots.every((snapshot) => snapshot.printed === undefined),
  );
  if (model === undefined) return false;
  const { layers, built, input } = model;
  const snapshot = {
    at: { cell, line: 1 },
    order: Number.MAX_SAFE_INTEGER,
    layers: [...layers],
    built,
    input,
    call: undefined,
    printed,
  };
  if (!fits(printed, model, snapshot)) return false;
  model.snapshots.push(snapshot);
  return true;
}

/** A table with counts was printed of a built model, whatever the order of the code says: cells are run in any order. */
export function trustTable(model: KerasModel, snapshot: ModelSnapshot): void {
  const { printed, at } = snapshot;
  const first = printed?.rows[0];
  if (model.family !== "Sequential" || first === undefined || !first.built || first.outputShape === null) return;
  snapshot.input ??= {
    batch: null,
    axes: new Unknown({ text: "input_shape", reason: "no input size is written before the summary", at }),
    dtype: undefined,
  };
  // Keras 3 builds a model with the batch of its first data.
  const batch = printed?.style === "keras3" && first.type !== "InputLayer" ? first.outputShape[0] : null;
  if (snapshot.input.batch !== null || typeof batch !== "number") return;
  const unknown = new Unknown({ text: "batch", reason: "is the batch of the data given to the model", at });
  snapshot.input = { ...snapshot.input, batch: unknown };
}

function fits(table: ParsedSummary, model: KerasModel, snapshot: ModelSnapshot): boolean {
  const layers = shownIn(table, listedLayers(model, snapshot));
  const enough = table.cut ? table.rows.length <= layers.length : table.rows.length === layers.length;
  return enough && table.rows.every((row, i) => rowFits(row, layers[i]!));
}

/** True where the table printed there is one of this model. */
export function tableFits(model: KerasModel, snapshot: ModelSnapshot): boolean {
  return snapshot.printed !== undefined && fits(snapshot.printed, model, snapshot);
}
