/**
 * The end of a run: new numbers for variables. Maps that serve nothing else go to the end of the program, those that read the
 * same arrays become one loop with several results (a weight and its optimizer's slots), and where nothing needs the old
 * numbers any more the new ones are written straight over them.
 */
import type { Variable } from "../core/variable.ts";
import type { Expr } from "../equations/expr.ts";
import { type MapOperation, type Program, sourcesOf, type Value } from "../program/program.ts";
import { type Task, tasksOf } from "./fuse.ts";
import { hasRowOps } from "./map.ts";
import { substitute } from "./substitute.ts";

export interface ProgramTasks {
  readonly tasks: readonly Task[];
  /** Values that are to be written where the variable's old numbers lie. */
  readonly inPlace: ReadonlyMap<Value, Variable>;
}

/** All tasks of a program, updates last. */
export function tasksOfProgram({ results, updates }: Program, keep: readonly Value[]): ProgramTasks {
  const outside = new Set([...results, ...keep]);
  const updated = new Set(updates.map(({ value }) => value));
  const tasks = tasksOf([...outside, ...updated], updated);
  const last = lastMaps(tasks, outside, updated);
  const early = tasks.filter((task) => !last.has(task));
  const groups = groupsOf(tasks.filter((task) => last.has(task))).map((group) => joinMaps(group, updated));
  const inPlace = new Map<Value, Variable>();
  for (const { variable, value } of updates) {
    const group = groups.find((task) => task.results.includes(value));
    if (group === undefined || inPlace.has(value)) continue;
    const others = groups.filter((task) => task !== group);
    const roots = [...outside, ...updated];
    if (mayOverwrite(variable, group, early, others, roots)) inPlace.set(value, variable);
  }
  return { tasks: [...early, ...groups], inPlace };
}

/** The values that a task reads from memory. */
export function sourcesOfTask({ operation, epilogue }: Task): readonly Value[] {
  if (epilogue === undefined) return sourcesOf(operation);
  return [...sourcesOf(operation), ...epilogue.map.operands.filter((_, i) => i !== epilogue.operand)];
}

/** Maps that only updates need, directly or through other such maps of the same shape. */
function lastMaps(tasks: readonly Task[], outside: ReadonlySet<Value>, updated: ReadonlySet<Value>): Set<Task> {
  const readers = new Map<Value, Task[]>();
  for (const task of tasks) {
    for (const source of sourcesOfTask(task)) readers.set(source, [...(readers.get(source) ?? []), task]);
  }
  const last = new Set<Task>();
  for (const task of [...tasks].reverse()) {
    const { operation, results } = task;
    const value = results[0]!;
    const here = readers.get(value) ?? [];
    const serves = updated.has(value) || here.length > 0;
    const isLast = here.every((reader) => last.has(reader) && sameShape(reader.results[0]!, value));
    if (operation.op === "map" && serves && isLast && !outside.has(value) && !hasRowOps(operation.body)) last.add(task);
  }
  return last;
}

/** Maps of one shape that read one another or the same array of that shape belong together. */
function groupsOf(tasks: readonly Task[]): Task[][] {
  const groups: { tasks: Task[]; touched: Set<Value> }[] = [];
  for (const task of tasks) {
    const value = task.results[0]!;
    const full = sourcesOfTask(task).filter((source) => sameShape(source, value));
    const joined = groups.filter(({ touched }) => full.some((source) => touched.has(source)));
    const touched = new Set([value, ...full, ...joined.flatMap((group) => [...group.touched])]);
    const first = joined[0] ?? { tasks: [], touched };
    if (joined.length === 0) groups.push(first);
    for (const other of joined.slice(1)) {
      first.tasks.push(...other.tasks);
      groups.splice(groups.indexOf(other), 1);
    }
    first.tasks.push(task);
    for (const each of touched) first.touched.add(each);
  }
  return groups.map((group) => group.tasks);
}

/** One map with a body for each of the group's updates; the others are parts of those. */
function joinMaps(group: readonly Task[], updated: ReadonlySet<Value>): Task {
  const operands = new Map<Value, Expr>();
  const bodies = new Map<Value, Expr>();
  for (const { operation, results } of group) {
    const map = operation as MapOperation; // lastMaps takes only maps
    const replaced = map.symbols.map((symbol, i): [Expr, Expr] => {
      const operand = map.operands[i]!;
      const known = bodies.get(operand) ?? operands.get(operand);
      if (known === undefined) operands.set(operand, symbol);
      return [symbol, known ?? symbol];
    });
    bodies.set(results[0]!, substitute(map.body, new Map(replaced)));
  }
  const results = [...bodies.keys()].filter((value) => updated.has(value));
  const roots = results.map((value) => bodies.get(value)!);
  return {
    operation: { op: "map", operands: [...operands.keys()], symbols: [...operands.values()], body: roots[0]! },
    results,
    bodies: roots,
  };
}

/** Whether everything that reads the variable's old numbers has done so when the group writes the new ones. */
function mayOverwrite(
  variable: Variable,
  group: Task,
  early: readonly Task[],
  others: readonly Task[],
  roots: readonly Value[],
): boolean {
  const aliases = new Set<Value>();
  for (const { operation, results } of early) {
    const isWeight = operation.op === "weight" && operation.variable === variable;
    if (isWeight || (operation.op === "view" && aliases.has(operation.source))) aliases.add(results[0]!);
  }
  const reads = (task: Task): boolean => sourcesOfTask(task).some((source) => aliases.has(source));
  if (roots.some((root) => aliases.has(root)) || others.some(reads)) return false;
  // The group itself must read each old number just where it writes the new one.
  return sourcesOfTask(group).every(
    (source) => !aliases.has(source) || (source.operation.op === "weight" && sameShape(source, group.results[0]!)),
  );
}

function sameShape(a: Value, b: Value): boolean {
  return String(a.shape) === String(b.shape);
}
