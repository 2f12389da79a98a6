/**
 * `unroll compare A B`: where two models differ in counts, shapes and values, and why. `unroll compare A` shows one model
 * under the rules of Keras 2.2, 2.12 and 3. Exit code 1 where two models differ.
 */

import { sameShape } from "../core/shape.ts";
import {
  compareModels,
  compareVersions,
  comparisonToText,
  shareWeights,
  versionsToText,
} from "../explain/compare/index.ts";
import { wrapText } from "../explain/lines.ts";
import type { Model } from "../model/model.ts";
import type { Command, Invocation } from "./command.ts";
import { refuseIdle } from "./idle-flags.ts";
import { modelFlags, readOneModel } from "./open-models.ts";
import { fileOf, printJson } from "./print.ts";
import { inputFlag, numberRemarks, randomInputs, readInputs } from "./read-data.ts";

export const compare: Command = {
  name: "compare",
  doc: "where two models differ and why, or one under Keras 2.2, 2.12, 3",
  positionals: ["A", "B?"],
  flags: {
    input: inputFlag,
    tolerance: { kind: "number", value: "T", doc: "largest difference of values; by default 1e-5" },
    ...modelFlags,
    "model-b": { kind: "string", value: "NAME", doc: "which model of B, where it has several" },
  },
  examples: [
    "unroll compare before.keras after.keras",
    "unroll compare notebook.ipynb model.h5 --model 2 --input x.npy",
    "unroll compare model.py",
  ],
  async run(invocation) {
    const { positionals, flags, terminal } = invocation;
    const left = await readOneModel(fileOf(invocation), flags, terminal);
    const [, second] = positionals;
    const width = Math.min(terminal.columns, 100);
    if (second === undefined) {
      refuseIdle("compare", flags, ["input", "tolerance", "model-b"], "a second model to compare with");
      const versions = compareVersions(left.model);
      if (flags.json === true) printJson(terminal, versions);
      else terminal.out(wrapText(versionsToText(versions, { width }), width));
      return 0;
    }
    const { weights: _, model: _first, ...rest } = flags;
    const right = await readOneModel(second, { ...rest, model: flags["model-b"] }, terminal);
    const data = await dataForBoth(left, right, invocation);
    const result = compareModels(left.model, right.model, {
      ...(data === undefined ? {} : { x: data }),
      ...(typeof flags.tolerance === "number" ? { tolerance: flags.tolerance } : {}),
    });
    if (flags.json === true) printJson(terminal, result);
    else terminal.out(wrapText(comparisonToText(result, { width }), width));
    return result.sameArchitecture && result.sameValues !== false ? 0 : 1;
  },
};

type Side = { readonly model: Model; readonly hasWeights: boolean };

/** Undefined, with a note, where the two do not take the same data. */
async function dataForBoth(left: Side, right: Side, { flags, terminal }: Invocation) {
  const given = await readInputs(flags, left.model);
  for (const remark of numberRemarks(given ?? [], left.model)) terminal.note(`${remark}\n`);
  const [a, b] = [left.model.inputs, right.model.inputs];
  if (a.length !== b.length || a.some(({ shape }, index) => !sameShape(shape, b[index]!.shape))) {
    terminal.note("The inputs differ in shape: values are not compared.\n");
    return undefined;
  }
  if (!(left.hasWeights && right.hasWeights)) {
    const [from, to] = right.hasWeights ? [right, left] : [left, right];
    const kept = shareWeights(from.model, to.model);
    const own = kept.length === 0 ? "" : `, but for ${kept.join(", ")}, whose arrays differ`;
    terminal.note(`A file without weights takes those of the other model${own}.\n`);
  }
  if (given === undefined) terminal.note("No --input: 2 random examples are used (seed 0).\n");
  return given ?? randomInputs(left.model, 2);
}
