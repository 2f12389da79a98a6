/**
 * `unroll check FILE --layer N --params 120`: is an answer right, and if not which slips give it? Exit code 1 when one of the
 * answers is wrong.
 */
import { UnrollError } from "../core/errors.ts";
import { type Answer, checkAnswer } from "../explain/answers/check.ts";
import { type AnswerCheck, answerToJson, answerToText } from "../explain/answers/index.ts";
import { derivationInKerasWords } from "../formats/keras-words.ts";
import { defaultCountText } from "../formats/python/index.ts";
import { checkNumber, numberFlags, placeFlags } from "./check-number.ts";
import type { Command, FlagValues } from "./command.ts";
import type { FileModel } from "./file-model.ts";
import { refuseIdle } from "./idle-flags.ts";
import { modelFlags, readOneModel } from "./open-models.ts";
import { fileOf, layerOf, parseShape, printJson } from "./print.ts";

export const check: Command = {
  name: "check",
  doc: "check an answer; name the slip behind a wrong one",
  positionals: ["FILE"],
  flags: {
    layer: { kind: "string", value: "N", doc: "its name, or its place from 0; else the model" },
    params: { kind: "whole", least: 0, value: "N", doc: "your number of parameters" },
    shape: { kind: "string", value: "SHAPE", doc: 'your output shape, such as "(None, 4)"' },
    total: { kind: "whole", least: 0, value: "N", doc: "your number of parameters of the model" },
    ...numberFlags,
    hints: { kind: "boolean", doc: "name the slips, but keep the right number back" },
    ...modelFlags,
  },
  examples: [
    "unroll check model.keras --layer gru --params 120",
    'unroll check model.py --layer 0 --shape "(None, 4)"',
    "unroll check model.py --total 888",
    "unroll check m.h5 --input x.npy --layer 0 --gate f --timestep 17 --value 0.717",
    "unroll check m.h5 --input x.npy --target y.npy --layer 0 --gradient 0.31",
  ],
  async run(invocation) {
    const { flags, terminal } = invocation;
    const one = await readOneModel(fileOf(invocation), flags, terminal);
    if (flags.value !== undefined || flags.gradient !== undefined) return await checkNumber(one, invocation);
    refuseIdle("check", flags, placeFlags, "--value or --gradient");
    const { model } = one;
    const checks = answersOf(flags, layerOf(invocation)).map((answer) => withDefault(checkAnswer(model, answer), one));
    const right = checks.every((one) => one.right);
    const solution = flags.hints !== true;
    if (flags.json === true) {
      printJson(terminal, { right, answers: checks.map((one) => answerToJson(one, { solution })) });
    } else {
      const options = { width: Math.min(terminal.columns, 100), solution };
      terminal.out(checks.map((one) => answerToText(inWords(one), options)).join("\n"));
    }
    return right ? 0 : 1;
  },
};

/** An answer that is right for today's default, where the model has what its printed table tells, is told so. */
function withDefault(check: AnswerCheck, { code }: FileModel): AnswerCheck {
  const changed = (code?.learned ?? []).flatMap((one) =>
    one.value || one.otherwise === undefined ? [] : [{ one, more: one.otherwise - one.params }],
  );
  const about = check.kind === "params" ? changed.filter(({ one }) => one.layer === check.layer) : changed;
  const [first] = about;
  const more = about.reduce((sum, each) => sum + each.more, 0);
  const isCount = check.kind === "params" || check.kind === "total";
  if (first === undefined || !isCount || Number(check.given) !== Number(check.expected) + more) return check;
  return { ...check, remarks: [...check.remarks, defaultCountText(first.one, Number(check.given))] };
}

/** The derivations with options as Keras's code writes them. */
function inWords(check: AnswerCheck): AnswerCheck {
  return {
    ...check,
    findings: check.findings.map((one) => ({ ...one, derivation: derivationInKerasWords(one.derivation) })),
    derivation: check.derivation && derivationInKerasWords(check.derivation),
  };
}

/** One answer for each flag that gives one. */
function answersOf({ params, shape, total }: FlagValues, layer: string | number | undefined): Answer[] {
  const answers: Answer[] = [
    ...(typeof params === "number" ? [{ layer, params }] : []),
    ...(typeof shape === "string" ? [{ layer, shape: parseShape(shape, "--shape", "check") }] : []),
    ...(typeof total === "number" ? [{ total }] : []),
  ];
  if (answers.length > 0) return answers;
  throw new UnrollError({
    code: "usage",
    path: "unroll check",
    expected: "needs an answer to check",
    hint: "Give --params N, --shape SHAPE, --total N, --value V or --gradient V.",
  });
}
