/** A recurrent layer's loop over time in TypeScript: one example, the cell's equations one line each. */
import type { Expr } from "../equations/expr.ts";
import { inOrder, operandsOf } from "../equations/expr.ts";
import type { ScanOperation, Value } from "../program/program.ts";
import { blocksOf, stepNodes } from "./code-cell.ts";
import { statementsFor } from "./code-typescript-equations.ts";

/** What the loop itself calls something. */
const reserved: ReadonlySet<string> = new Set([
  "x",
  "t",
  "x_t",
  "j",
  "mask",
  "output",
  "outputs",
  "vector",
  "dot",
  "columns",
  "sum",
  "in",
  "new",
]);

function localName(code: string): string {
  const name = code.replaceAll(/[^\w]/g, "_");
  return reserved.has(name) ? `${name}_` : name;
}

/**
 * A function of that name for one example, and the call that runs it on all.
 *
 * @param weightOf the name of an array as a matrix of rows
 */
export function plainScan(
  scan: ScanOperation,
  name: string,
  renamed: (expr: Expr) => Expr,
  nameOf: (value: Value) => string,
  weightOf: (value: Value) => string,
): { readonly code: string; readonly call: string } {
  const { cell, units, mask, backwards, returnSequences, zeroOutputForMask } = scan;
  const [batch, timesteps, features] = scan.input.shape as [number, number, number];
  const states = cell.states.map((state) => localName(state.name));
  const previous = states.map((state) => `${state}Prev`);
  const names = new Map<Expr, string>([
    [renamed(cell.x), "x_t[j]"],
    ...cell.states.map((state, i): [Expr, string] => [renamed(state.previous), `${previous[i]}[j]`]),
  ]);
  const roots = [...cell.named.values()].map(renamed);
  for (const expr of inOrder(roots, { bodies: true })) {
    if (expr.node.op === "symbol" && expr.node.weight !== undefined) names.set(expr, `${expr.node.name}[j]`);
  }
  const wanted = new Map(stepNodes(cell, renamed).map((node) => [node.expr, localName(node.name)]));
  const equations = statementsFor(roots, wanted, names, (expr) =>
    String(isOfInput(expr, renamed(cell.x)) ? features : units),
  ).map((one) => `${states.includes(one.name) ? "" : "const "}${one.name} = ${one.value};`);
  // A state whose next value is another's, or a symbol, has no equation of its own.
  const next = cell.states.flatMap((state, i) => {
    const value = names.get(renamed(state.next))!.replace(/\[j\]$/, "");
    return value === states[i] ? [] : [`${states[i]} = ${value};`];
  });
  const given = (scan.initialStates ?? []).map(nameOf);
  const zeros = `vector(${units}, () => 0)`;
  const kept = mask === undefined ? states[0]! : "output";
  const step = [
    `const x_t = x.slice(t * ${features}, (t + 1) * ${features});`,
    ...states.map((state, i) => `const ${previous[i]} = ${state};`),
    ...equations,
    ...next,
  ];
  const masked =
    mask === undefined
      ? step
      : [
          "if (mask[t] !== 0) {",
          ...[...step, `output = ${states[0]};`].map((line) => `  ${line}`),
          ...(zeroOutputForMask ? ["} else {", `  output = ${zeros};`] : []),
          "}",
        ];
  const body = [
    ...cutArrays(scan, weightOf),
    ...(given.length > 0 ? [] : states.map((state) => `let ${state} = ${zeros};`)),
    ...(mask === undefined ? [] : [`let output = ${zeros};`]),
    ...(returnSequences ? ["const outputs: number[] = [];"] : []),
    backwards ? `for (let t = ${timesteps - 1}; t >= 0; t--) {` : `for (let t = 0; t < ${timesteps}; t++) {`,
    ...[...masked, ...(returnSequences ? [`outputs.push(...${kept});`] : [])].map((line) => `  ${line}`),
    "}",
    `return [${[returnSequences ? "outputs" : kept, ...states].join(", ")}];`,
  ];
  const parameters = ["x", ...(given.length > 0 ? states : []), ...(mask === undefined ? [] : ["mask"])];
  const operands: [string, number][] = [
    [nameOf(scan.input), timesteps * features],
    ...given.map((state): [string, number] => [state, units]),
    ...(mask === undefined ? [] : [[nameOf(mask), timesteps] as [string, number]]),
  ];
  const one = operands.map(([operand, size]) =>
    batch === 1 ? operand : `${operand}.slice(n * ${size}, (n + 1) * ${size})`,
  );
  const call = `${name}(${one.join(", ")})`;
  return {
    code: [
      `/** One example: x [${timesteps}, ${features}]. Gives the output, then the final ${states.join(", ")}. */`,
      `function ${name}(${parameters.map((parameter) => `${parameter}: number[]`).join(", ")}): number[][] {`,
      ...body.map((line) => `  ${line}`),
      "}\n",
    ].join("\n"),
    call: batch === 1 ? call : `eachExample(${batch}, (n) => ${call})`,
  };
}

/** Whether a row has the input's features as its elements: what is computed of x before any product. */
function isOfInput(expr: Expr, x: Expr): boolean {
  return expr === x || (expr.node.op !== "product" && operandsOf(expr).some((operand) => isOfInput(operand, x)));
}

/** `const W_i = columns(lstm_kernel, 0, 4);` */
function cutArrays(scan: ScanOperation, weightOf: (value: Value) => string): string[] {
  const { cell, units } = scan;
  return blocksOf(cell).flatMap(({ array, row, names }) => {
    const index = cell.arrays.findIndex(({ name }) => name === array);
    const { rows } = cell.arrays[index]!;
    const whole = weightOf(scan.arrays[index]!);
    return names.flatMap((name, block) => {
      if (name === undefined) return [];
      const [start, end] = [block * units, (block + 1) * units];
      if (rows === "features" || rows === "units") {
        return [`const ${name} = ${names.length === 1 ? whole : `columns(${whole}, ${start}, ${end})`};`];
      }
      const part = rows === 2 ? `${whole}[${row}]` : whole;
      return [`const ${name} = ${names.length === 1 ? part : `${part}.slice(${start}, ${end})`};`];
    });
  });
}
