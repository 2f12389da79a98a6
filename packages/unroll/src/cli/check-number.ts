/** The part of `unroll check` that needs data: a value of one timestep, an output, a prediction, or a gradient. */
import { UnrollError } from "../core/errors.ts";
import { checkGradient, checkValue, type ValueCheck, valueToText } from "../explain/answers/index.ts";
import { wrapText } from "../explain/lines.ts";
import type { Model } from "../model/model.ts";
import type { Flag, FlagValues, Invocation } from "./command.ts";
import { dataFor } from "./data-for.ts";
import type { FileModel } from "./file-model.ts";
import { refuseIdle } from "./idle-flags.ts";
import { fileOf, layerOf, printJson } from "./print.ts";
import { inputFlag, readTargets } from "./read-data.ts";

export const numberFlags: Readonly<Record<string, Flag>> = {
  value: { kind: "string", value: "V", doc: "your value of one timestep, as you wrote it" },
  gradient: { kind: "string", value: "V", doc: "your gradient of the loss, as you wrote it" },
  name: { kind: "string", value: "NAME", doc: "which value: f, c, h, output ...; by default the state" },
  gate: { kind: "string", value: "GATE", doc: "or which gate, by the order of Keras's columns" },
  array: { kind: "string", value: "NAME", doc: "or, for a gradient, which array: kernel, bias ..." },
  index: { kind: "string", value: "ROW,COL", doc: "and which entry of it, from 0" },
  timestep: { kind: "whole", least: 0, value: "T", doc: "of which timestep, from 0; by default the last" },
  unit: { kind: "whole", least: 0, value: "U", doc: "of which unit, from 0; by default the first" },
  input: inputFlag,
  target: { kind: "string", value: "FILE", many: true, doc: "targets, for a gradient: .npy .npz .csv .json" },
  loss: { kind: "string", value: "NAME", doc: "the loss of a gradient; by default mse" },
  sample: { kind: "whole", least: 0, value: "N", doc: "which example of the input, from 0" },
};

/** Flags that say which number is meant. */
export const placeFlags: readonly string[] = Object.keys(numberFlags).filter(
  (name) => name !== "value" && name !== "gradient",
);

/** Prints the verdict; 1 for a wrong number. Throws UnrollError as `checkValue` and `checkGradient` do. */
export async function checkNumber(one: FileModel & { readonly model: Model }, invocation: Invocation): Promise<0 | 1> {
  const { flags, terminal } = invocation;
  const layer = layerOf(invocation);
  const written = numberOf(flags);
  refuseIdle("check", flags, ["params", "shape", "total"], "an answer without data: --value and --gradient go alone");
  if (flags.gradient === undefined) refuseIdle("check", flags, ["array", "index", "target", "loss"], "--gradient");
  else refuseIdle("check", flags, ["gate"], "--value: a gradient's place is told by --name or --array");
  if (flags.name !== undefined) refuseIdle("check", flags, ["gate"], "a value without --name: it takes one of the two");
  if (layer === undefined) throw usage("a number needs the --layer that it belongs to", "no --layer");
  const { inputs } = await dataFor(one, flags, terminal, fileOf(invocation));
  const remarks = randomRemarks(one, flags);
  const place = {
    layer,
    ...whole(flags, "timestep"),
    ...text(flags, "name"),
    unit: Number(flags.unit ?? 0),
    ...whole(flags, "sample"),
  };
  let checked: ValueCheck;
  if (flags.gradient === undefined) {
    checked = checkValue(one.model, { ...place, ...text(flags, "gate"), value: written, x: inputs });
  } else {
    const targets = await readTargets((flags.target ?? []) as readonly string[]); // a flag that may be repeated
    if (targets.length === 0) throw usage("a gradient needs the targets too", "no --target");
    checked = checkGradient(one.model, {
      ...place,
      ...text(flags, "array"),
      ...(flags.index === undefined ? {} : { index: readIndex(String(flags.index)) }),
      value: written,
      x: inputs,
      y: targets,
      loss: typeof flags.loss === "string" ? flags.loss : "mse",
    });
  }
  const solution = flags.hints !== true;
  const { expected, ...told } = checked;
  const shown = solution || checked.right ? { ...told, expected } : told;
  if (flags.json === true) printJson(terminal, { right: checked.right, answers: [{ ...shown, remarks }] });
  else {
    const text = [valueToText(checked, { solution }), ...remarks.map((remark) => `${remark}\n`)].join("\n");
    terminal.out(wrapText(text, Math.min(terminal.columns, 100)));
  }
  return checked.right ? 0 : 1;
}

/** A verdict on made-up numbers is one on those alone: `dataFor` draws them, and models without weights begin with seed 0. */
function randomRemarks({ hasWeights, inputs }: FileModel, { input }: FlagValues): string[] {
  const drawn = [
    ...(hasWeights ? [] : [{ what: "weights", flag: "--weights FILE" }]),
    ...(input !== undefined || inputs !== undefined ? [] : [{ what: "input", flag: "--input FILE" }]),
  ];
  if (drawn.length === 0) return [];
  const what = drawn.map((one) => one.what).join(" and the ");
  const isOne = drawn.length === 1 && drawn[0]!.what === "input";
  const flags = drawn.map(({ flag }) => flag).join(" and ");
  return [
    `The ${what} ${isOne ? "is" : "are"} random, drawn from seed 0: the answer is graded on these numbers, which unroll trace shows. Give ${flags} for your own.`,
  ];
}

/** As written, with the typographic minus that our own texts have as the one of programs. */
function numberOf({ value, gradient }: FlagValues): string {
  if (value !== undefined && gradient !== undefined) throw usage("takes one of --value and --gradient", "both");
  const written = String(value ?? gradient).trim();
  const plain = written.replace(/^−/, "-").replace(/e−/i, "e-");
  if (/^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(plain) && Number.isFinite(Number(plain))) return plain;
  const hint = /^[-−+]?\d+,\d+$/.test(written) ? `Write ${plain.replace(",", ".")}, with a point.` : undefined;
  throw usage(`${value === undefined ? "--gradient" : "--value"} needs a number`, written, hint);
}

function readIndex(text: string): number[] {
  const parts = text.replaceAll(/[[\]() ]/g, "").split(",");
  if (parts.every((part) => /^\d+$/.test(part))) return parts.map(Number);
  throw usage("--index needs whole numbers, such as 0,2", text);
}

function whole<Name extends string>(flags: FlagValues, name: Name): { readonly [key in Name]?: number } {
  const value = flags[name];
  return (typeof value === "number" ? { [name]: value } : {}) as { readonly [key in Name]?: number }; // just made so
}

function text<Name extends string>(flags: FlagValues, name: Name): { readonly [key in Name]?: string } {
  const value = flags[name];
  return (typeof value === "string" ? { [name]: value } : {}) as { readonly [key in Name]?: string }; // just made so
}

function usage(expected: string, received: string, hint?: string): UnrollError {
  return new UnrollError({ code: "usage", path: "unroll check", expected, received, hint });
}
