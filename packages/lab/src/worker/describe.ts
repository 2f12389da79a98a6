/** A model's explanation as the page shows it: the library's formulas written out as MathML, text and LaTeX. */
import type { Shape } from "unroll/core/shape.ts";
import { inKerasWords } from "unroll/formats/keras-words.ts";
import {
  constant,
  type Derivation,
  derivationToLatex,
  type Equation,
  type Expr,
  explainModel,
  type Layer,
  type LayerExplanation,
  type Model,
  type Notation,
  toMathML,
  toSentence,
  toText,
} from "./library.ts";
import { letterName, sizes } from "./notation.ts";
import type {
  ArrayView,
  DerivationView,
  EquationView,
  FormulaView,
  LayerView,
  ModelView,
  TermView,
  WindowsView,
} from "./protocol.ts";

export function describeModel(model: Model, hasWeights: boolean): ModelView {
  const explanation = explainModel(model);
  const layers = explanation.layers.map((layer) => layerView(layer, model.getLayer(layer.name)));
  const device = model.device();
  return {
    name: model.name,
    layers,
    total: derivationView(explanation.total),
    nonTrainable: explanation.nonTrainable,
    summary: model.summary({ print: false, width: 72 }),
    inputShape: model.inputs[0]!.shape,
    cells: model.layers.filter(hasCell).map(({ name }) => name),
    device: device.why,
    hasWeights,
  };
}

export function hasCell(layer: Layer): boolean {
  return layer.type.cell !== undefined || layer.children.some(hasCell);
}

function layerView(explained: LayerExplanation, layer: Layer): LayerView {
  const { name, className, does, inputs, outputs, count, equations, remarks, inside } = explained;
  return {
    name,
    className,
    does,
    inputs,
    outputs: outputs.map(({ result, axes }) => ({ shape: result, axes: axes.map(derivationView) })),
    count: derivationView(count),
    terms: count.parts.map(termView),
    windows: windowsView(layer, explained),
    arrays: arraysOf(layer, layer.children.length > 0 && inside.length > 0),
    gates: layer.type.cell?.(layer.config).gates ?? [],
    equations:
      equations?.equations.map((equation) => ({
        name: equation.name,
        ...formulaView(equation, equations.notation),
        sentence: toSentence(equation, equations.notation),
      })) ?? [],
    remarks: remarks.map(inKerasWords),
    options: Object.entries(layer.config)
      .filter(([, value]) => value !== null && typeof value !== "object" && value !== undefined)
      .map(([option, value]) => ({ name: option, value: String(value) })),
    inside: inside.map((one, index) => layerView(one, layer.children[index] ?? layer)),
  };
}

function termView({ title, formula, steps, result }: Derivation): TermView {
  return { title, formula: formulaView(formula, sizes), numbers: formulaView(steps[0] ?? formula, sizes), result };
}

/** Undefined for layers without windows over time, and where ends are filled up. */
function windowsView({ config }: Layer, { inputs, outputs }: LayerExplanation): WindowsView | undefined {
  const over = config.poolSize ?? config.kernelSize;
  const [timesteps, count] = [inputs[0]?.shape[1], outputs[0]?.result[1]];
  if (!Array.isArray(over) || over.length !== 1 || config.padding !== "valid" || inputs[0]?.shape.length !== 3)
    return undefined;
  if (Array.isArray(config.dilationRate) && config.dilationRate[0] !== 1) return undefined;
  if (typeof timesteps !== "number" || typeof count !== "number" || config.dataFormat === "channels_first")
    return undefined;
  const size = Number(over[0]);
  const stride = Array.isArray(config.strides) ? Number(config.strides[0]) : size;
  return { timesteps, size, stride, count, dropped: timesteps - (count - 1) * stride - size };
}

function arraysOf(layer: Layer, ownOnly: boolean): ArrayView[] {
  const arrays = ownOnly ? layer.ownArrays : layer.arrays;
  return arrays.map(({ spec, variable }) => ({
    name: spec.name,
    shape: variable.shape,
    blocks: spec.blocks ?? [],
    size: variable.shape.reduce((product: number, size: number) => product * size, 1),
    trainable: spec.trainable !== false,
  }));
}

export function derivationView(derivation: Derivation): DerivationView {
  const { title, letters, formula, result } = derivation;
  const worked = derivation.steps.filter((step) => step !== formula);
  // A formula of numbers alone has no step of its own before its result.
  const steps = worked.length === 0 && result !== null && formula.node.op !== "constant" ? [constant(result)] : worked;
  return {
    title,
    letters: letters.map((letter) => ({ ...letter, name: letterName(letter) })),
    formula: inTerms(formula),
    steps: steps.map(inTerms),
    result,
    latex: derivationToLatex(derivation),
  };
}

/** Terms of a sum from which on it is also given term by term: on no screen would it fit one line. */
const longSum = 9;

function inTerms(formula: Expr): FormulaView {
  const view = formulaView(formula, sizes);
  const terms = termsOf(formula);
  return terms.length < longSum ? view : { ...view, terms: terms.map((term) => formulaView(term, sizes)) };
}

function termsOf(expr: Expr): Expr[] {
  return expr.node.op === "add" ? [...termsOf(expr.node.a), ...termsOf(expr.node.b)] : [expr];
}

export function formulaView(
  what: Expr | Parameters<typeof toMathML>[0],
  notation?: Parameters<typeof toMathML>[1],
): FormulaView {
  return { mathml: toMathML(what, notation), text: toText(what, notation) };
}

/** The equation of a cell's value, its letters marked. Terms that have a name of their own stay whole. */
export function equationView(equation: Equation, of: Notation): EquationView {
  const notation = { ...of, marked: true };
  const { node } = equation.expr;
  const inside = node.op === "apply" ? node.argument : equation.expr;
  return {
    ...formulaView(equation, notation),
    call: node.op === "apply" ? node.fn.symbol : "",
    sum: summands(inside, notation, false, true),
  };
}

function summands(expr: Expr, notation: Notation, negative: boolean, isRoot: boolean): EquationView["sum"] {
  const { node } = expr;
  const isNamed = !isRoot && notation.names?.has(expr) === true;
  if (isNamed || (node.op !== "add" && node.op !== "sub")) return [{ negative, formula: formulaView(expr, notation) }];
  const isMinus = node.op === "sub" ? !negative : negative;
  return [...summands(node.a, notation, negative, false), ...summands(node.b, notation, isMinus, false)];
}

export function shapesOf(model: Model): Shape[] {
  return explainModel(model).layers.map(({ outputs }) => outputs[0]?.result ?? []);
}
