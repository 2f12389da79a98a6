/**
 * The forward pass of a tensor program as statements in running order: which value gets a name and a line, and which recurrent
 * layer a loop. It knows no language: how a value is written is told by one.
 */
import { UnrollError } from "../core/errors.ts";
import type { Expr } from "../equations/expr.ts";
import type { ModelProgram } from "../model/model.ts";
import {
  type Operation,
  type ScanOperation,
  type Value,
  valuesInOrder,
  type WeightOperation,
} from "../program/program.ts";
import { CodeFunctions } from "./code-equations.ts";
import { type Label, valueLabels } from "./code-names.ts";
import type { Identifiers } from "./code-text.ts";

/** How a language writes values. Operands have names by then. */
export interface ForwardLanguage {
  readonly title: string;
  /** The value's code; a name alone gets no line. `layer` is whose it is. */
  valueOf(value: Value, layer: string): string;
  /** The name of a weight's array. */
  weightOf(operation: WeightOperation): string;
  /** A function of that name that runs a recurrent layer, and the call that gives its results. */
  scanOf(
    scan: ScanOperation,
    name: string,
    renamed: (expr: Expr) => Expr,
  ): { readonly code: string; readonly call: string };
  /** A line that names what the code gives: one result, or those of a recurrent layer. */
  assign(names: readonly string[], code: string): string;
}

export class ForwardStatements {
  /** Of the function that computes one pass. */
  readonly lines: string[] = [];
  /** Functions with the loops over time. */
  readonly loops: string[] = [];
  /** Functions that the equations call. */
  readonly functions: CodeFunctions;
  readonly #language: ForwardLanguage;
  readonly #identifiers: Identifiers;
  readonly #labels: (operation: Operation) => Label;
  readonly #names = new Map<Operation, readonly string[]>();

  constructor(language: ForwardLanguage, written: ModelProgram, identifiers: Identifiers) {
    this.#language = language;
    this.#identifiers = identifiers;
    this.#labels = valueLabels(written);
    this.functions = new CodeFunctions(identifiers);
  }

  /** Names an input as the model does. */
  nameInput({ operation }: Value): string {
    const name = this.#identifiers.unique(operation.op === "input" ? operation.name : "x");
    this.#names.set(operation, [name]);
    return name;
  }

  /** Writes everything that these values need. */
  compute(roots: readonly Value[]): void {
    for (const value of valuesInOrder(roots)) this.#emit(value);
  }

  nameOf = ({ operation, result }: Value): string => {
    const name = operation.op === "weight" ? this.#language.weightOf(operation) : this.#names.get(operation)?.[result];
    if (name === undefined) throw new Error(`${this.#language.title} code: nothing computes this ${operation.op}`);
    return name;
  };

  #emit(value: Value): void {
    const { operation } = value;
    if (this.#names.has(operation) || operation.op === "weight") return;
    const { layer, label } = this.#labels(operation);
    if (operation.op === "scan") {
      this.#emitScan(operation, layer);
      return;
    }
    const code = this.#language.valueOf(value, layer);
    if (/^\w+$/.test(code)) this.#names.set(operation, [code]);
    else this.#assign(operation, [this.#identifiers.unique(label)], code);
  }

  #emitScan(scan: ScanOperation, layer: string): void {
    const renamed = this.functions.renamed(scan.cell.named.values());
    const name = this.#identifiers.unique(`run_${layer === "" ? scan.cell.kind : layer}`);
    const results = ["", ...scan.cell.states.map((state) => `_${state.name}`)].map((end) =>
      this.#identifiers.unique(`${layer === "" ? "sequence" : layer}${end}`),
    );
    const { code, call } = this.#language.scanOf(scan, name, renamed);
    this.loops.push(code);
    this.#assign(scan, results, call);
  }

  #assign(operation: Operation, names: readonly string[], code: string): void {
    this.#names.set(operation, names);
    this.lines.push(this.#language.assign(names, code));
  }
}

/** For what no forward pass holds. */
export function notForward({ op }: Operation, layer: string): UnrollError {
  return new UnrollError({
    code: "unsupported",
    path: layer,
    expected:
      op === "random"
        ? "a prediction with random numbers cannot be written: the code would give others"
        : `the code is the forward pass only, not ${op}`,
    hint: "Leave training: true out of the call.",
  });
}
