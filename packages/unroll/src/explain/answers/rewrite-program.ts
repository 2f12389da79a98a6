/**
 * A tensor program with something changed in it: other numbers of a weight, another activation, another direction of a scan.
 * What does not depend on the change keeps its numbers, so that only the rest is evaluated again. It knows operations, no slip.
 */
import { inputValue } from "../../program/builder.ts";
import { type Operation, sourcesOf, type Value, valuesInOrder } from "../../program/program.ts";

/** What stands in the place of something; undefined keeps it. Both are given with their sources changed already. */
export interface ProgramChange {
  operation?(changed: Operation, original: Operation): Operation | undefined;
  /** Numbers stand for a value that is given from outside. */
  value?(changed: Value, original: Value): Value | Float64Array | undefined;
}

export interface RewrittenProgram {
  /** What stands in the value's place; the value itself where nothing that it needs is changed. */
  valueOf(value: Value): Value;
  /** Values that are given from outside, and their numbers. */
  readonly inputs: readonly Value[];
  readonly numbers: readonly Float64Array[];
}

/**
 * Changes what `roots` need.
 *
 * @param numbersOf numbers of the unchanged values; left out, their operations stay
 * @param settled values that do not change, nor what they need
 */
export function rewriteProgram(
  roots: readonly Value[],
  change: ProgramChange,
  numbersOf?: (value: Value) => Float64Array,
  settled: ReadonlySet<Value> = new Set(),
): RewrittenProgram {
  const inputs: Value[] = [];
  const numbers: Float64Array[] = [];
  const changedOperations = new Map<Operation, Operation>();
  const changedValues = new Map<Value, Value>();
  const frozen = new Map<Value, Value>();
  const order = valuesInOrder(roots, settled);
  const originals = new Set(order);

  const done = new Set<Value>();
  const finished = (value: Value): Value => {
    done.add(value);
    return value;
  };
  const given = (value: Value, data: Float64Array): Value => {
    const input = inputValue("given", value.shape);
    inputs.push(input);
    numbers.push(data);
    return finished(input);
  };
  const sourceFor = (source: Value): Value => {
    if (done.has(source)) return source;
    // Made by the change: it reads what did not change from outside too.
    if (!originals.has(source)) return finished({ ...source, operation: withSources(source.operation, sourceFor) });
    const changed = changedValues.get(source) ?? source;
    const { op } = source.operation;
    const stays = numbersOf === undefined || op === "weight" || op === "constant";
    if (changed !== source || stays) return changed;
    const known = frozen.get(source) ?? given(source, numbersOf(source));
    frozen.set(source, known);
    return known;
  };
  const changeOperation = (operation: Operation): Operation => {
    const known = changedOperations.get(operation);
    if (known !== undefined) return known;
    const depends = sourcesOf(operation).some((source) => (changedValues.get(source) ?? source) !== source);
    const rebuilt = depends ? withSources(operation, sourceFor) : operation;
    const replaced = change.operation?.(rebuilt, operation) ?? rebuilt;
    // An operation that is changed itself reads what did not change.
    const result = replaced !== operation && !depends ? withSources(replaced, sourceFor) : replaced;
    changedOperations.set(operation, result);
    return result;
  };

  for (const value of order) {
    if (settled.has(value)) continue;
    const operation = changeOperation(value.operation);
    const rebuilt = operation === value.operation ? value : finished({ ...value, operation });
    const replaced = change.value?.(rebuilt, value);
    if (replaced instanceof Float64Array) changedValues.set(value, given(value, replaced));
    else if (replaced === undefined) changedValues.set(value, rebuilt);
    // A replacement reads the value that it replaces, or what that one read.
    else changedValues.set(value, finished({ ...replaced, operation: withSources(replaced.operation, sourceFor) }));
  }
  return { valueOf: (value) => changedValues.get(value) ?? value, inputs, numbers };
}

/** The operation with other sources; undefined ones stay so. */
export function withSources(operation: Operation, sourceFor: (source: Value) => Value): Operation {
  switch (operation.op) {
    case "input":
    case "weight":
    case "constant":
    case "random":
      return operation;
    case "map":
      return { ...operation, operands: operation.operands.map(sourceFor) };
    case "product":
      return { ...operation, a: sourceFor(operation.a), b: sourceFor(operation.b) };
    case "view":
    case "viewGradient":
    case "pad":
    case "reduce":
      return { ...operation, source: sourceFor(operation.source) };
    case "concat":
      return { ...operation, sources: operation.sources.map(sourceFor) };
    case "gather":
      return { ...operation, table: sourceFor(operation.table), ids: sourceFor(operation.ids) };
    case "gatherGradient":
      return { ...operation, source: sourceFor(operation.source), ids: sourceFor(operation.ids) };
    case "scan":
      return {
        ...operation,
        input: sourceFor(operation.input),
        arrays: operation.arrays.map(sourceFor),
        initialStates: operation.initialStates?.map(sourceFor),
        mask: operation.mask === undefined ? undefined : sourceFor(operation.mask),
        inputFactors: operation.inputFactors.map(sourceFor),
        recurrentFactors: operation.recurrentFactors.map(sourceFor),
      };
    case "scanGradient":
      return {
        ...operation,
        scan: withSources(operation.scan, sourceFor) as typeof operation.scan, // a scan stays a scan
        outputs: operation.outputs.map((output) => (output === undefined ? undefined : sourceFor(output))),
      };
  }
}
