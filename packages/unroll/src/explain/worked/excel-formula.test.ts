import { describe, expect, it } from "vitest";
import * as activations from "../../equations/activations.ts";
import { evaluateRow } from "../../equations/evaluate.ts";
import { apply, constant, type Expr, one, select, symbol } from "../../equations/expr.ts";
import { excelFormula, splitFormula } from "./excel-formula.ts";

const a = symbol("a", "argument", "a", { extent: "one" });
const b = symbol("b", "argument", "b", { extent: "one" });
const cells = new Map<Expr, string>([
  [a, "A1"],
  [b, "B1"],
]);
const write = (expr: Expr): string => excelFormula(expr, (own) => cells.get(own)!);

describe("a spreadsheet formula", () => {
  it.each([
    [a.minus(b.minus(1)), "A1-(B1-1)"],
    [a.minus(b).minus(1), "A1-B1-1"],
    [a.minus(b.plus(1)), "A1-(B1+1)"],
    [a.over(b.times(2)), "A1/(B1*2)"],
    [a.over(b).times(2), "A1/B1*2"],
    [a.times(b.over(2)), "A1*(B1/2)"],
    [a.plus(b).times(-2), "(A1+B1)*(-2)"],
    [a.negated().power(2), "POWER((-A1),2)"],
    [a.sigmoid().times(b), "1/(1+EXP(-A1))*B1"],
    [one.over(a.sigmoid()), "1/(1/(1+EXP(-A1)))"],
    [select(a.greaterThan(0), a, b.times(0.5)), "IF(IF(0<A1,1,0)<>0,A1,B1*0.5)"],
    [constant(Number.NEGATIVE_INFINITY).max(a), "MAX((-1E+307),A1)"],
    [a.times(1e-7), "A1*1E-7"],
    [a.max(0).plus(b.tanh()), "MAX(A1,0)+TANH(B1)"],
  ])("keeps the order of operations: %#", (expr, formula) => {
    expect(write(expr)).toBe(formula);
  });

  it("puts what a function is asked of into a cell of its own", () => {
    const whole = apply(activations.sigmoid, a.times(2)).times(apply(activations.tanh, b));
    const { sums, formula } = splitFormula(whole);
    expect(sums.map((sum) => write(sum.formula))).toEqual(["A1*2"]);
    cells.set(sums[0]!.symbol, "C1");
    expect(write(formula)).toBe("(1/(1+EXP(-C1)))*TANH(B1)");
    const values = new Map([
      [a, 0.3],
      [b, 0.7],
      [sums[0]!.symbol, 0.6],
    ]);
    const read = (expr: Expr) => evaluateRow([expr], { width: 1, symbols: values })(expr);
    expect(read(formula)).toBe(read(whole));
  });
});
