/**
 * What `model.solve()` gives: a prediction, a layer or a timestep worked out number by number. Data that writes itself out;
 * solve.ts makes it, solution-*.ts and spreadsheet.ts hold the texts.
 */
import type { Expr } from "../../equations/expr.ts";
import type { WorkedNumber, WorkedTable } from "./book.ts";
import { solutionToHtml } from "./solution-html.ts";
import { solutionToLatex } from "./solution-latex.ts";
import { solutionToMarkdown } from "./solution-markdown.ts";
import { type SolutionTextOptions, solutionToText } from "./solution-text.ts";

/** Options of `solve`. */
export interface SolveOptions {
  /** Which example of the data, from 0; by default the first. */
  readonly sample?: number | undefined;
  /** Only this layer, its input taken as given: its name, or its place in `model.layers`. */
  readonly layer?: string | number | undefined;
  /** Only this timestep of the layer, from 0, the states before it taken as given. */
  readonly timestep?: number | undefined;
}

/** One call of a layer: its tables in the order in which their numbers come about. */
export interface WorkedSection {
  readonly name: string;
  readonly className: string;
  /** What the layer type does, in one sentence. */
  readonly does: string;
  /** Names of the layers whose outputs it reads. */
  readonly reads: readonly string[];
  /** Empty where the layer only passes numbers on: Flatten, Dropout outside of training. */
  readonly tables: readonly WorkedTable[];
}

/** An output, number by number. */
export interface WorkedResult {
  readonly layer: string;
  /** Without the batch axis. */
  readonly shape: readonly number[];
  /** Row-major. */
  readonly numbers: readonly WorkedNumber[];
  /** The same numbers from the float32 engine; undefined for a layer inside another model. */
  readonly engine: readonly number[] | undefined;
}

/** The facts of a worked solution. */
export interface SolutionFacts {
  /** The model's name. */
  readonly name: string;
  readonly sample: number;
  /** The one layer that is worked out; undefined for the whole model. */
  readonly layer: string | undefined;
  readonly timestep: number | undefined;
  /** Every number by the symbol that formulas mention it by, each after those that it is made of. */
  readonly numbers: ReadonlyMap<Expr, WorkedNumber>;
  readonly inputs: readonly WorkedTable[];
  readonly weights: readonly WorkedTable[];
  readonly sections: readonly WorkedSection[];
  /** Outputs of the model or of the layer; empty for one timestep. */
  readonly results: readonly WorkedResult[];
}

/**
 * A worked solution.
 *
 * @example console.log(model.solve(x, { layer: "gru", timestep: 2 }).toText())
 */
export class WorkedSolution implements SolutionFacts {
  readonly name: string;
  readonly sample: number;
  readonly layer: string | undefined;
  readonly timestep: number | undefined;
  readonly numbers: ReadonlyMap<Expr, WorkedNumber>;
  readonly inputs: readonly WorkedTable[];
  readonly weights: readonly WorkedTable[];
  readonly sections: readonly WorkedSection[];
  readonly results: readonly WorkedResult[];

  constructor(facts: SolutionFacts) {
    this.name = facts.name;
    this.sample = facts.sample;
    this.layer = facts.layer;
    this.timestep = facts.timestep;
    this.numbers = facts.numbers;
    this.inputs = facts.inputs;
    this.weights = facts.weights;
    this.sections = facts.sections;
    this.results = facts.results;
  }

  /** For a terminal; `width` in characters, `digits` shown of each number. */
  toText(options?: SolutionTextOptions): string {
    return solutionToText(this, options);
  }

  /** For a document: headings and `$$` formulas. */
  toMarkdown(options?: SolutionTextOptions): string {
    return solutionToMarkdown(this, options);
  }

  /** Displayed formulas; needs amsmath. */
  toLatex(options?: SolutionTextOptions): string {
    return solutionToLatex(this, options);
  }

  /** A whole page to print, formulas as MathML; no scripts, nothing loaded. */
  toHtml(options?: SolutionTextOptions): string {
    return solutionToHtml(this, options);
  }

  /** A spreadsheet whose formulas are live: change an input or a weight and everything follows. No macros. */
  async toXlsx(): Promise<Uint8Array> {
    return (await import("./xlsx.ts")).solutionToXlsx(this);
  }

  /** Plain data: each number with its value and its steps as text. */
  toJSON(): unknown {
    return solutionToJson(this);
  }
}

function solutionToJson({ name, sample, layer, timestep, inputs, weights, sections, results }: SolutionFacts): unknown {
  const number = ({ name: own, index, value }: WorkedNumber) => ({ name: own, index, value });
  const table = ({ title, rows }: WorkedTable) => ({
    title,
    rows: rows.map(({ label, order, note }) => ({ label, numbers: order.map(number), ...(note && { note }) })),
  });
  return {
    name,
    sample,
    ...(layer !== undefined && { layer }),
    ...(timestep !== undefined && { timestep }),
    inputs: inputs.map(table),
    weights: weights.map(table),
    layers: sections.map(({ tables, ...about }) => ({ ...about, tables: tables.map(table) })),
    results: results.map(({ numbers, ...about }) => ({ ...about, values: numbers.map(({ value }) => value) })),
  };
}
