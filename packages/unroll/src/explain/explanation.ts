/**
 * What `model.explain()` gives: for every layer where its count and its output shape come from, and its equations. Data
 * that writes itself out; explain.ts makes it, explanation-*.ts hold the texts.
 */
import type { ShownEquations } from "../cells/equations.ts";
import type { Shape } from "../core/shape.ts";
import type { Derivation, ShapeDerivation } from "../equations/derive.ts";
import { explanationToHtml, explanationToMathML } from "./explanation-html.ts";
import { type ExplanationJson, explanationToJson } from "./explanation-json.ts";
import { explanationToLatex } from "./explanation-latex.ts";
import { explanationToMarkdown } from "./explanation-markdown.ts";
import { explanationToText, type TextOptions } from "./explanation-text.ts";

/** Where the count, the shapes and the equations of one layer come from. */
export interface LayerExplanation {
  readonly name: string;
  /** Keras's class name. */
  readonly className: string;
  /** What the layer type does, in one sentence. */
  readonly does: string;
  /** What it reads: the name of the layer or input before, and its shape. */
  readonly inputs: readonly { readonly from: string; readonly shape: Shape }[];
  readonly count: Derivation;
  /** How many of the parameters training leaves alone. */
  readonly nonTrainable: number;
  /** One for each output. */
  readonly outputs: readonly ShapeDerivation[];
  /** The equations of one timestep, for a layer that runs a cell. */
  readonly equations: ShownEquations | undefined;
  /** Facts that a reader may stumble over, each a sentence. */
  readonly remarks: readonly string[];
  /** Layers inside this one: both directions of Bidirectional, the layers of a nested model. */
  readonly inside: readonly LayerExplanation[];
}

/** The facts of an explanation. */
export interface ExplanationFacts {
  /** The model's name. */
  readonly name: string;
  /** In the order of the summary. */
  readonly layers: readonly LayerExplanation[];
  /** The sum over layers. */
  readonly total: Derivation;
  readonly nonTrainable: number;
}

/**
 * The explanation of a model.
 *
 * @example console.log(model.explain().toText())
 */
export class Explanation implements ExplanationFacts {
  readonly name: string;
  readonly layers: readonly LayerExplanation[];
  readonly total: Derivation;
  readonly nonTrainable: number;

  constructor({ name, layers, total, nonTrainable }: ExplanationFacts) {
    this.name = name;
    this.layers = layers;
    this.total = total;
    this.nonTrainable = nonTrainable;
  }

  /** For a terminal; `width` in characters. */
  toText(options?: TextOptions): string {
    return explanationToText(this, options);
  }

  /** For a document: tables, code blocks and `$$` formulas. */
  toMarkdown(): string {
    return explanationToMarkdown(this);
  }

  /** Paragraphs with displayed formulas; needs amsmath. */
  toLatex(): string {
    return explanationToLatex(this);
  }

  /** `<math>` elements, one for each count, axis and equation. */
  toMathML(): string {
    return explanationToMathML(this);
  }

  /** A fragment of a page: one `<section>` for each layer, formulas as MathML. */
  toHtml(): string {
    return explanationToHtml(this);
  }

  /** Plain data with formulas as text. */
  toJSON(): ExplanationJson {
    return explanationToJson(this);
  }
}
