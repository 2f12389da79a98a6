/** A recurrent layer's loop over time in NumPy: the cell's equations, one line each, for all examples at once. */
import type { Expr } from "../equations/expr.ts";
import type { ScanOperation, Value } from "../program/program.ts";
import { blocksOf, stepNodes } from "./code-cell.ts";
import { write } from "./code-equations.ts";
import { pythonName, pythonPrinter } from "./code-python-equations.ts";

/** A function of that name, and the call that runs it. */
export function numpyScan(
  scan: ScanOperation,
  name: string,
  renamed: (expr: Expr) => Expr,
  nameOf: (value: Value) => string,
): { readonly code: string; readonly call: string } {
  const { cell, units, mask, backwards, returnSequences, zeroOutputForMask } = scan;
  const [, timesteps] = scan.input.shape as [number, number, number];
  const printer = pythonPrinter("np");
  const states = cell.states.map((state) => localName(state.name));
  const previous = states.map((state) => `${state}_prev`);
  const names = new Map<Expr, string>([
    [renamed(cell.x), "x_t"],
    ...cell.states.map((state, i): [Expr, string] => [renamed(state.previous), previous[i]!]),
  ]);
  const equations = stepNodes(cell, renamed).map(({ name: node, expr }) => {
    const own = localName(node);
    const line = `${own} = ${write(expr, names, printer)}`;
    names.set(expr, own);
    return line;
  });
  // A state whose next value is another's, or a symbol, has no equation of its own.
  const next = cell.states.map((state, i) => `${states[i]} = ${names.get(renamed(state.next))}`);
  const given = scan.initialStates?.map(nameOf) ?? [];
  const zeros = `np.zeros((len(x), ${units}))`;
  const masked = mask === undefined ? [] : ["mask"];
  const kept = mask === undefined ? states[0]! : "output";
  const body = [
    ...cutArrays(scan, nameOf),
    ...(given.length > 0 ? [] : states.map((state) => `${state} = ${zeros}`)),
    ...(mask === undefined ? [] : [`output = ${zeros}`]),
    ...(returnSequences ? ["outputs = []"] : []),
    `for t in ${backwards ? `reversed(range(${timesteps}))` : `range(${timesteps})`}:`,
    ...[
      "x_t = x[:, t]",
      `${previous.join(", ")} = ${states.join(", ")}`,
      ...equations,
      ...next.filter((line) => !/^(\w+) = \1$/.test(line)),
      ...(mask === undefined
        ? []
        : [
            "valid = mask[:, t, None] != 0",
            `output = np.where(valid, ${states[0]}, ${zeroOutputForMask ? "0.0" : "output"})`,
            ...states.map((state, i) => `${state} = np.where(valid, ${state}, ${previous[i]})`),
          ]),
      ...(returnSequences ? [`outputs.append(${kept})`] : []),
    ].map((line) => `    ${line}`),
    `return ${[returnSequences ? "np.stack(outputs, axis=1)" : kept, ...states].join(", ")}`,
  ];
  const parameters = ["x", ...(given.length > 0 ? states : []), ...masked];
  const operands = [scan.input, ...(scan.initialStates ?? []), ...(mask === undefined ? [] : [mask])].map(nameOf);
  return {
    code: `def ${name}(${parameters.join(", ")}):\n${body.map((line) => `    ${line}\n`).join("")}`,
    call: `${name}(${operands.join(", ")})`,
  };
}

/** What the loop itself calls something. */
const reserved: ReadonlySet<string> = new Set(["x", "t", "x_t", "mask", "valid", "output", "outputs", "np"]);

function localName(code: string): string {
  const name = pythonName(code);
  return reserved.has(name) ? `${name}_` : name;
}

/** `W_i, W_f, W_c, W_o = np.split(lstm_kernel, 4, axis=1)` */
function cutArrays(scan: ScanOperation, nameOf: (value: Value) => string): string[] {
  return blocksOf(scan.cell).map(({ array, row, names }) => {
    const index = scan.cell.arrays.findIndex(({ name }) => name === array);
    const { rows } = scan.cell.arrays[index]!;
    const whole = nameOf(scan.arrays[index]!);
    const part = rows === 2 ? `${whole}[${row}]` : whole;
    const targets = names.map((name) => (name === undefined ? "_" : pythonName(name)));
    if (targets.length === 1) return `${targets[0]} = ${part}`;
    return `${targets.join(", ")} = np.split(${part}, ${targets.length}, axis=-1)`;
  });
}
