/**
 * `unroll check FILE --layer N --params 120`: is an answer right, and if not which slips give it? Exit code 1 when one of the
 * answers is wrong.
 */
import { UnrollError } from "../core/errors.ts";
import { type Answer, checkAnswer } from "../explain/answers/check.ts";
import { answerToJson, answerToText, checkValue, valueToText } from "../explain/answers/index.ts";
import { wrapText } from "../explain/lines.ts";
import type { Command, FlagValues } from "./command.ts";
import { dataFor } from "./data-for.ts";
import { modelFlags, readOneModel } from "./open-models.ts";
import { fileOf, layerOf, parseShape, printJson } from "./print.ts";
import { inputFlag } from "./read-data.ts";

export const check: Command = {
  name: "check",
  doc: "check an answer; name the slip behind a wrong one",
  positionals: ["FILE"],
  flags: {
    layer: { kind: "string", value: "N", doc: "its name, or its place from 0; else the model" },
    params: { kind: "whole", least: 0, value: "N", doc: "your number of parameters" },
    shape: { kind: "string", value: "SHAPE", doc: 'your output shape, such as "(None, 4)"' },
    total: { kind: "whole", least: 0, value: "N", doc: "your number of parameters of the model" },
    value: { kind: "string", value: "V", doc: "your value of one timestep, as you wrote it" },
    name: { kind: "string", value: "NAME", doc: "which value: f, c, h ...; by default the output" },
    timestep: { kind: "whole", least: 0, value: "T", doc: "of which timestep, from 0; by default the last" },
    unit: { kind: "whole", least: 0, value: "U", doc: "of which unit, from 0; by default the first" },
    input: inputFlag,
    sample: { kind: "whole", least: 0, value: "N", doc: "which example of the input, from 0" },
    hints: { kind: "boolean", doc: "name the slips, but keep the right derivation back" },
    ...modelFlags,
  },
  examples: [
    "unroll check model.keras --layer gru --params 120",
    'unroll check model.py --layer 0 --shape "(None, 4)"',
    "unroll check model.py --total 888",
    "unroll check model.keras --input x.npy --layer lstm --name f --value 0.717",
  ],
  async run(invocation) {
    const { flags, terminal } = invocation;
    const one = await readOneModel(fileOf(invocation), flags);
    const { model } = one;
    if (typeof flags.value === "string") {
      const { inputs } = await dataFor(one, flags, terminal);
      const checked = checkValue(model, { ...valueAnswer(flags, layerOf(invocation)), x: inputs });
      if (flags.json === true) printJson(terminal, { right: checked.right, answers: [checked] });
      else terminal.out(wrapText(valueToText(checked), Math.min(terminal.columns, 100)));
      return checked.right ? 0 : 1;
    }
    const checks = answersOf(flags, layerOf(invocation)).map((answer) => checkAnswer(model, answer));
    const right = checks.every((one) => one.right);
    if (flags.json === true) printJson(terminal, { right, answers: checks.map(answerToJson) });
    else {
      const options = { width: Math.min(terminal.columns, 100), solution: flags.hints !== true };
      terminal.out(checks.map((one) => answerToText(one, options)).join("\n"));
    }
    return right ? 0 : 1;
  },
};

function valueAnswer({ value, name, timestep, unit, sample }: FlagValues, layer: string | number | undefined) {
  const written = String(value);
  if (layer !== undefined && written.trim() !== "" && Number.isFinite(Number(written))) {
    return {
      layer,
      value: written,
      unit: Number(unit ?? 0),
      ...(typeof name === "string" ? { name } : {}),
      ...(typeof timestep === "number" ? { timestep } : {}),
      ...(typeof sample === "number" ? { sample } : {}),
    };
  }
  throw new UnrollError({
    code: "usage",
    path: "unroll check",
    expected: "--value needs a number and the --layer that it belongs to",
    received: layer === undefined ? "no --layer" : `--value ${written}`,
  });
}

/** One answer for each flag that gives one. */
function answersOf({ params, shape, total }: FlagValues, layer: string | number | undefined): Answer[] {
  const answers: Answer[] = [
    ...(typeof params === "number" ? [{ layer, params }] : []),
    ...(typeof shape === "string" ? [{ layer, shape: parseShape(shape, "--shape") }] : []),
    ...(typeof total === "number" ? [{ total }] : []),
  ];
  if (answers.length > 0) return answers;
  throw new UnrollError({
    code: "usage",
    path: "unroll check",
    expected: "needs an answer to check",
    hint: "Give --params N, --shape SHAPE, --total N or --value V.",
  });
}
