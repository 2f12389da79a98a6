/** The part of `unroll explain` that is asked for a number or a shape: every way there is from the model to it. */
import { UnrollError } from "../core/errors.ts";
import { formatShape, type Shape } from "../core/shape.ts";
import { stepsOf } from "../explain/answers/answer-json.ts";
import { derivationText, headOf } from "../explain/answers/answer-text.ts";
import { explainNumber, type NumberOrigin } from "../explain/answers/index.ts";
import { count, indented, plural, wrapText } from "../explain/lines.ts";
import { derivationInKerasWords } from "../formats/keras-words.ts";
import type { FlagValues, Invocation } from "./command.ts";
import { readOneModel } from "./open-models.ts";
import { fileOf, parseShape, printJson } from "./print.ts";

/** Prints the ways to `--number`; that there is none is an answer too. */
export async function explainFoundNumber(invocation: Invocation): Promise<0> {
  const { flags, terminal } = invocation;
  const given = readGiven(flags);
  const { model } = await readOneModel(fileOf(invocation), flags, terminal);
  const origins = explainNumber(model, given);
  if (flags.json === true) {
    const told = origins.map(({ derivation, ...rest }) => ({ ...rest, steps: stepsOf(derivation) }));
    printJson(terminal, { model: model.name, given, origins: told });
  } else {
    const blocks = [headline(given, model.name, origins), ...origins.map(originText)];
    terminal.out(`${wrapText(blocks.join("\n\n"), Math.min(terminal.columns, 100))}\n`);
  }
  return 0;
}

function readGiven(flags: FlagValues): number | Shape {
  const text = String(flags.number).trim();
  for (const other of ["layer", "format", "short"]) {
    if (flags[other] !== undefined) throw usage(`--number is looked for in the whole model, without --${other}`, text);
  }
  if (/^(\d+|\d{1,3}([,_ ]\d{3})+)$/.test(text)) {
    const number = Number(text.replaceAll(/[,_ ]/g, ""));
    if (Number.isSafeInteger(number)) return number;
  }
  if (/[([,]|none/i.test(text)) return parseShape(text, "--number", "explain");
  throw usage('--number must be a whole number, or a shape such as "(None, 30, 4)"', text);
}

function headline(given: number | Shape, model: string, origins: readonly NumberOrigin[]): string {
  const shown = typeof given === "number" ? count(given) : formatShape(given);
  if (origins.length > 0) return `${plural(origins.length, "way")} from ${model} to ${shown}:`;
  return `Nothing in ${model} is ${shown}, and no slip makes it so.`;
}

function originText({ what, slips, derivation }: NumberOrigin, index: number): string {
  const lines = slips.length === 0 ? [] : [`  ${headOf(slips)}`, ...slips.map(({ detail }) => `  ${detail}`)];
  const wrong = slips.length === 0 ? "" : ", by a slip";
  return [`${index + 1}. ${what}${wrong}`, ...lines, indented(derivationText(derivationInKerasWords(derivation)))].join(
    "\n",
  );
}

function usage(expected: string, received: string): UnrollError {
  return new UnrollError({ code: "usage", path: "unroll explain", expected, received });
}
