/**
 * The one walk over a formula that all outputs share: it decides where parentheses are needed, and asks a printer what each
 * piece looks like.
 */
import {
  type Fence,
  type Formula,
  type FunctionName,
  hasName,
  type Name,
  type Relation,
  type Sign,
} from "./formula.ts";

/** How one kind of output writes the pieces; pieces come with their parts already written. */
export interface Printer<Out> {
  /** True where a fraction is a bar, which groups by itself; false where it is a slash. */
  readonly fractionBars: boolean;
  number(value: number): Out;
  name(name: Name): Out;
  /** `tight`: inside a group of letters, h+i rather than h + i. */
  sum(terms: readonly { readonly negative: boolean; readonly out: Out }[], tight: boolean): Out;
  product(factors: readonly Out[], signs: readonly Sign[], tight: boolean): Out;
  matrixProduct(vector: Out, matrix: Name, transposed: boolean): Out;
  fraction(over: Out, under: Out): Out;
  power(base: Out, exponent: Out, exponentValue: number | undefined): Out;
  call(fn: FunctionName, operands: readonly Out[]): Out;
  root(of: Out): Out;
  fence(fence: Fence, of: Out): Out;
  relation(relation: Relation, left: Out, right: Out): Out;
  cases(condition: Out, yes: Out, no: Out): Out;
  group(of: Out, brackets: "()" | "[]"): Out;
}

/** How strongly a piece holds together; a piece inside a stronger one needs parentheses. */
const CASES = 0;
const RELATION = 1;
const SUM = 2;
const PRODUCT = 3;
const FRACTION = 4;
const POWER = 5;
const ATOM = 6;

interface Printed<Out> {
  readonly out: Out;
  /** Whether parentheses are already inside, so that the next ones out are square in a count. */
  readonly grouped: boolean;
}

/** Writes a formula. `brackets`: nested groups are square outside and round inside, as in g × [h(h+i)+h]. */
export function print<Out>(formula: Formula, printer: Printer<Out>, { brackets = false } = {}): Out {
  const write = (part: Formula, tight: boolean): Printed<Out> => {
    let grouped = false;
    const inside = (child: Formula, atLeast: number, innerTight = tight): Out => {
      const needs = strength(child, printer.fractionBars) < atLeast;
      const printed = write(child, needs ? brackets && hasName(child) : innerTight);
      grouped ||= needs || printed.grouped;
      return needs ? printer.group(printed.out, brackets && printed.grouped ? "[]" : "()") : printed.out;
    };
    const out = writePart(part, tight, inside, printer);
    return { out, grouped };
  };
  return write(formula, false).out;
}

function writePart<Out>(
  part: Formula,
  tight: boolean,
  inside: (child: Formula, atLeast: number, tight?: boolean) => Out,
  printer: Printer<Out>,
): Out {
  switch (part.kind) {
    case "number":
      return printer.number(part.value);
    case "name":
      return printer.name(part.name);
    case "sum":
      return printer.sum(
        part.terms.map(({ negative, of }) => ({ negative, out: inside(of, negative ? PRODUCT : SUM) })),
        tight,
      );
    case "product":
      return printer.product(
        part.factors.map((factor) => inside(factor, FRACTION)),
        part.signs,
        tight,
      );
    case "matrixProduct":
      return printer.matrixProduct(inside(part.vector, FRACTION), part.matrix, part.transposed);
    case "fraction": {
      const bar = printer.fractionBars;
      return printer.fraction(inside(part.over, bar ? CASES : PRODUCT), inside(part.under, bar ? CASES : FRACTION));
    }
    case "power": {
      const { exponent } = part;
      const value = exponent.kind === "number" ? exponent.value : undefined;
      return printer.power(inside(part.base, ATOM), inside(exponent, printer.fractionBars ? CASES : POWER), value);
    }
    case "call":
      return printer.call(
        part.fn,
        part.operands.map((operand) => inside(operand, CASES, false)),
      );
    case "root":
      return printer.root(inside(part.of, CASES, false));
    case "fence":
      return printer.fence(part.fence, inside(part.of, CASES, false));
    case "relation":
      return printer.relation(part.relation, inside(part.left, SUM), inside(part.right, SUM));
    case "cases":
      return printer.cases(inside(part.condition, RELATION), inside(part.yes, RELATION), inside(part.no, CASES));
  }
}

function strength(formula: Formula, fractionBars: boolean): number {
  switch (formula.kind) {
    case "cases":
      return CASES;
    case "relation":
      return RELATION;
    case "sum":
      return SUM;
    case "product":
    case "matrixProduct":
      return PRODUCT;
    case "fraction":
      return fractionBars ? FRACTION : PRODUCT;
    case "power":
      return POWER;
    case "number":
      return formula.value < 0 ? SUM : ATOM;
    case "name":
      return formula.name.gradient ? FRACTION : ATOM;
    default:
      return ATOM;
  }
}
