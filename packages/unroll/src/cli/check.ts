/** `unroll check FILE --layer N --params 120`: is an answer right? Exit code 1 when it is not, with the derivation. */
import { UnrollError } from "../core/errors.ts";
import { formatShape, type Shape, sameShape } from "../core/shape.ts";
import { layerToText } from "../explain/explanation-text.ts";
import { explainModel } from "../explain/index.ts";
import type { Command } from "./command.ts";
import { modelFlags, readOneModel } from "./open-models.ts";
import { fileOf, layerOf, parseShape, printJson, styleFor } from "./print.ts";

export const check: Command = {
  name: "check",
  doc: "say whether a count or a shape is right",
  positionals: ["FILE"],
  flags: {
    layer: { kind: "string", value: "N", doc: "its name, or its place from 0; else the model" },
    params: { kind: "number", value: "N", doc: "your number of parameters" },
    shape: { kind: "string", value: "SHAPE", doc: 'your output shape, such as "(None, 4)"' },
    ...modelFlags,
  },
  examples: [
    "unroll check model.keras --layer gru --params 120",
    'unroll check model.py --layer 0 --shape "(None, 4)"',
  ],
  async run(invocation) {
    const { flags, terminal } = invocation;
    const { model } = await readOneModel(fileOf(invocation), flags);
    const wanted = layerOf(invocation);
    const explanation = explainModel(model);
    const layer = wanted === undefined ? undefined : model.getLayer(wanted);
    const found = explanation.layers.find(({ name }) => name === layer?.name);
    const name = layer?.name ?? model.name;
    const shape = (found ?? explanation.layers.at(-1)!).outputs[0]!.result;
    const answers = [
      ...(typeof flags.params === "number"
        ? [answer("params", flags.params, found === undefined ? explanation.total.result! : found.count.result!)]
        : []),
      ...(typeof flags.shape === "string" ? [answer("shape", parseShape(flags.shape, "--shape"), shape)] : []),
    ];
    if (answers.length === 0) {
      throw new UnrollError({
        code: "usage",
        path: "unroll check",
        expected: "needs an answer to check",
        hint: "Give --params N or --shape SHAPE.",
      });
    }
    const right = answers.every((one) => one.right);
    if (flags.json === true) {
      printJson(terminal, { layer: name, right, answers });
      return right ? 0 : 1;
    }
    const style = styleFor(terminal);
    for (const { what, given, expected, right: good } of answers) {
      const words = what === "params" ? "parameters" : "output shape";
      const verdict = good ? style.good("right") : style.bad("not right");
      terminal.out(`${name}: ${words} ${show(given)}: ${verdict}${good ? "" : `, it is ${show(expected)}`}\n`);
    }
    if (!right && found !== undefined) terminal.out(`\n${layerToText(found, { width: terminal.columns })}`);
    return right ? 0 : 1;
  },
};

function answer(what: "params" | "shape", given: number | Shape, expected: number | Shape) {
  const right =
    typeof given === "number" ? given === expected : typeof expected !== "number" && sameShape(given, expected);
  return { what, given, expected, right };
}

function show(value: number | Shape): string {
  return typeof value === "number" ? value.toLocaleString("en-US") : formatShape(value);
}
