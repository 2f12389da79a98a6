/**
 * Expressions to values. Nothing is executed but this walk itself; names resolve to our own values or to unknowns.
 */

import type { Argument, ComprehensionClause, Expression, FormatPart } from "./ast.ts";
import { itemsOf, unpack } from "./iterate.ts";
import { applyOpaque, applyOperation } from "./keras-apply.ts";
import { SymbolicTensor } from "./keras-graph.ts";
import type { Machine } from "./machine.ts";
import {
  binary,
  compare,
  formatNumberOrText,
  mergeDicts,
  nameOf,
  negate,
  quotedText,
  reasonOf,
  textOf,
  truth,
} from "./operators.ts";
import { assignAttribute, assignItem, subscript } from "./subscript.ts";
import { asArray, shapeAfter } from "./tensor-shapes.ts";
import {
  ArrayValue,
  type CallArguments,
  isObject,
  isUnknown,
  PyDict,
  PyEllipsis,
  PyFunction,
  PyList,
  PySet,
  PySlice,
  PyTuple,
  Scope,
  type Value,
} from "./values.ts";

const ELLIPSIS = new PyEllipsis();
const TENSOR_OPERATIONS = new Map([
  ["+", "Add"],
  ["-", "Subtract"],
  ["*", "Multiply"],
]);

/** The value of an expression in a scope. */
export function evaluate(expression: Expression, scope: Scope, machine: Machine): Value {
  const { rt } = machine;
  rt.step();
  return rt.deeper(() => evaluateKind(expression, scope, machine));
}

function evaluateKind(expression: Expression, scope: Scope, machine: Machine): Value {
  const { rt } = machine;
  const value = (inner: Expression): Value => evaluate(inner, scope, machine);
  switch (expression.kind) {
    case "constant":
      return expression.value;
    case "ellipsis":
      return ELLIPSIS;
    case "name":
      return lookUp(expression.name, scope, machine);
    case "format":
      return format(expression.parts, scope, machine);
    case "list":
      return rt.list(spread(expression.items, scope, machine));
    case "tuple":
      return new PyTuple(spread(expression.items, scope, machine));
    case "set":
      return new PySet(spread(expression.items, scope, machine), rt.uncertain);
    case "dict":
      return dictOf(expression.entries, scope, machine);
    case "attribute":
      return rt.attribute(value(expression.object), expression.name);
    case "subscript":
      return subscript(value(expression.object), value(expression.index), machine);
    case "slice": {
      const bound = (part: Expression | undefined): Value => (part === undefined ? null : value(part));
      return new PySlice(bound(expression.start), bound(expression.stop), bound(expression.step));
    }
    case "call": {
      const line = expression.line;
      const callee = value(expression.callee);
      const args = argumentsOf(expression.args, scope, machine);
      rt.at = { cell: rt.at.cell, line };
      return rt.call(callee, { ...args, at: rt.at });
    }
    case "unary": {
      const operand = value(expression.value);
      if (expression.operator === "not") {
        const known = truth(operand);
        return known === undefined ? rt.unknown(`not ${nameOf(operand)}`, reasonOf(operand)) : !known;
      }
      if (operand instanceof SymbolicTensor) return applyOpaque("negative", [operand], machine, operand.shape);
      return negate(expression.operator, operand, rt);
    }
    case "binary":
      return operate(expression.operator, value(expression.left), value(expression.right), machine);
    case "logical": {
      const left = value(expression.left);
      const known = truth(left);
      if (known === undefined) {
        const right = value(expression.right);
        // `data or default`: what is not known may be either; a default that is written says more.
        return expression.operator === "or" ? left : isUnknown(left) ? left : right;
      }
      return known === (expression.operator === "and") ? value(expression.right) : left;
    }
    case "compare":
      return comparison(expression, scope, machine);
    case "conditional": {
      const test = value(expression.test);
      const known = truth(test);
      if (known !== undefined) return value(known ? expression.whenTrue : expression.otherwise);
      const [then, otherwise] = [value(expression.whenTrue), value(expression.otherwise)];
      if (then === otherwise) return then;
      if (isObject(then) || isObject(otherwise)) return isUnknown(then) ? otherwise : then;
      return rt.unknown(`${nameOf(then)} or ${nameOf(otherwise)}`, reasonOf(test));
    }
    case "lambda":
      return new PyFunction({
        name: "lambda",
        parameters: expression.parameters,
        defaults: defaultsOf(expression.parameters, scope, machine),
        body: expression.body,
        scope,
        cell: rt.at.cell,
        text: expression.text,
        suspends: false,
        binding: "plain",
        self: undefined,
      });
    case "comprehension":
      return comprehension(expression, scope, machine);
    case "walrus": {
      const given = rt.named(expression.name, value(expression.value));
      scope.set(expression.name, given);
      return given;
    }
    case "starred":
      return value(expression.value);
    case "unsupported":
      rt.problem(`${expression.what} is not understood; it was skipped`, { cell: rt.at.cell, line: expression.line });
      return rt.unknown(expression.what, "is not understood");
  }
}

/** A variable; else a builtin; else what the usual imports would have brought; else an unknown that can be set. */
function lookUp(name: string, scope: Scope, machine: Machine): Value {
  const found = scope.find(name);
  if (found !== undefined) return found;
  const builtin = machine.library(`builtins.${name}`);
  if (!(isObject(builtin) && builtin.kind === "module")) return builtin;
  const { rt } = machine;
  const given = rt.setting(name);
  if (given !== undefined) return given;
  const usual = machine.library(`usual.${name}`);
  if (!(isObject(usual) && usual.kind === "module" && usual.path === `usual.${name}`)) return usual;
  const unknown = rt.unknown(name, `${name} is not defined in the code shown`);
  unknown.label = name;
  let top = scope;
  while (top.parent !== undefined) top = top.parent;
  top.variables.set(name, unknown);
  return unknown;
}

function spread(items: readonly Expression[], scope: Scope, machine: Machine): Value[] {
  return items.flatMap((item) => {
    if (item.kind !== "starred") return [evaluate(item, scope, machine)];
    return [...itemsOf(evaluate(item.value, scope, machine), machine.rt).items];
  });
}

function dictOf(entries: readonly { key?: Expression; value: Expression }[], scope: Scope, machine: Machine): PyDict {
  const dict = new PyDict(machine.rt.uncertain);
  for (const entry of entries) {
    const value = evaluate(entry.value, scope, machine);
    if (entry.key !== undefined) dict.set(evaluate(entry.key, scope, machine), value);
    else if (value instanceof PyDict) {
      for (const { key, value: item } of value.entries.values()) dict.set(key, item);
      dict.open ||= value.open;
    } else dict.open = true;
  }
  return dict;
}

/** Arguments of a call with stars spread; what an unknown star holds is left out. */
function argumentsOf(args: readonly Argument[], scope: Scope, machine: Machine): Omit<CallArguments, "at"> {
  const positional: Value[] = [];
  const keywords = new Map<string, Value>();
  let open = false;
  for (const arg of args) {
    const value = evaluate(arg.value, scope, machine);
    if (arg.kind === "positional") positional.push(value);
    else if (arg.kind === "keyword") keywords.set(arg.name ?? "", value);
    else if (arg.kind === "star") {
      if (isUnknown(value) && value.prefix === undefined) positional.push(value);
      else positional.push(...itemsOf(value, machine.rt).items);
    } else if (value instanceof PyDict) {
      for (const { key, value: item } of value.entries.values()) if (typeof key === "string") keywords.set(key, item);
      open ||= value.open;
    } else if (isUnknown(value)) {
      open = true;
      machine.rt.problem(`**${value.name}: its arguments are not known (${value.reason}); they were left out`);
    }
  }
  return { positional, keywords, ...(open ? { open } : {}) };
}

/** Default values of parameters, worked out where the function is defined. */
export function defaultsOf(
  parameters: readonly { name: string; defaultValue?: Expression }[],
  scope: Scope,
  machine: Machine,
): Map<string, Value> {
  const defaults = new Map<string, Value>();
  for (const { name, defaultValue } of parameters) {
    if (defaultValue !== undefined) defaults.set(name, evaluate(defaultValue, scope, machine));
  }
  return defaults;
}

/** `left operator right`, tensors included. */
export function operate(operator: Parameters<typeof binary>[0], left: Value, right: Value, machine: Machine): Value {
  if (left instanceof SymbolicTensor || right instanceof SymbolicTensor) {
    const className = TENSOR_OPERATIONS.get(operator);
    const both = left instanceof SymbolicTensor && right instanceof SymbolicTensor;
    if (both && className !== undefined && machine.rt.followed === 0)
      return applyOperation(className, new PyList([left, right]), machine, `operator ${operator}`);
    const shape = shapeAfter(
      () => binary(operator, asArray(left, machine.rt), asArray(right, machine.rt), machine.rt),
      machine.rt,
    );
    return applyOpaque(`operator ${operator}`, [left, right], machine, shape);
  }
  return binary(operator, left, right, machine.rt);
}

function comparison(expression: Extract<Expression, { kind: "compare" }>, scope: Scope, machine: Machine): Value {
  let left = evaluate(expression.first, scope, machine);
  let unknown: Value | undefined;
  for (const step of expression.rest) {
    const right = evaluate(step.value, scope, machine);
    if (left instanceof ArrayValue && step.operator !== "in" && step.operator !== "is")
      return new ArrayValue(left.shape, undefined, left.open);
    const holds = compare(step.operator, left, right, machine.rt);
    if (holds === false) return false;
    if (holds === undefined) {
      const source = isUnknown(left) ? left : right;
      unknown ??= machine.rt.unknown(`${nameOf(left)} ${step.operator} ${nameOf(right)}`, reasonOf(source));
    }
    left = right;
  }
  return unknown ?? true;
}

function format(parts: readonly FormatPart[], scope: Scope, machine: Machine): Value {
  const { rt } = machine;
  let complete = true;
  let whole = "";
  for (const part of parts) {
    if (typeof part === "string") {
      whole += part;
      continue;
    }
    const value = evaluate(part.value, scope, machine);
    const spec = format(part.spec, scope, machine);
    const converted = part.conversion === "r" ? quotedText(value) : value;
    const text =
      converted === undefined || typeof spec !== "string"
        ? undefined
        : spec === ""
          ? textOf(converted)
          : formatNumberOrText(converted, spec);
    complete &&= text !== undefined;
    whole += text ?? `{${nameOf(value)}}`;
    rt.reserve(whole.length);
  }
  return complete ? whole : rt.unknown(`f"${whole}"`, "depends on a value that is not known");
}

function comprehension(
  expression: Extract<Expression, { kind: "comprehension" }>,
  outer: Scope,
  machine: Machine,
): Value {
  const { rt } = machine;
  const scope = new Scope(outer);
  const results: Value[] = [];
  const dict = new PyDict(rt.uncertain);
  let open = false;

  const run = (clauses: readonly ComprehensionClause[]): void => {
    rt.step();
    const [clause, ...rest] = clauses;
    if (clause === undefined) {
      rt.reserve(1);
      const value = evaluate(expression.element, scope, machine);
      if (expression.key !== undefined) dict.set(evaluate(expression.key, scope, machine), value);
      else results.push(value);
      return;
    }
    if (clause.kind === "if") {
      const holds = truth(evaluate(clause.value, scope, machine));
      open ||= holds === undefined;
      if (holds !== false) run(rest);
      return;
    }
    const items = itemsOf(evaluate(clause.value, scope, machine), rt);
    open ||= items.open;
    for (const item of items.items) {
      assignTarget(clause.target!, item, scope, machine);
      run(rest);
    }
  };
  run(expression.clauses);

  if (expression.result === "dict") {
    dict.open = open;
    return dict;
  }
  if (expression.result !== "set") return rt.list(results, open);
  const set = new PySet(results, rt.uncertain);
  set.open = open;
  return set;
}

/** Gives a value to a target: a name, a tuple of targets, an attribute or an item. */
export function assignTarget(target: Expression, value: Value, scope: Scope, machine: Machine): void {
  const { rt } = machine;
  switch (target.kind) {
    case "name":
      scope.set(target.name, rt.named(target.name, value));
      return;
    case "tuple":
    case "list": {
      const star = target.items.findIndex((item) => item.kind === "starred");
      const values = unpack(value, target.items.length, star, rt);
      for (const [i, item] of target.items.entries()) {
        assignTarget(item.kind === "starred" ? item.value : item, values[i]!, scope, machine);
      }
      return;
    }
    case "attribute":
      assignAttribute(evaluate(target.object, scope, machine), target.name, value, machine);
      return;
    case "subscript":
      assignItem(evaluate(target.object, scope, machine), evaluate(target.index, scope, machine), value, machine);
      return;
    default:
      rt.problem("this target of an assignment is not understood; it was skipped");
  }
}

/** One dict from positional dicts and keywords, as `dict(...)` makes it. */
export function dictFrom(args: CallArguments): PyDict {
  const dict = mergeDicts(args.positional.filter((value) => value instanceof PyDict));
  for (const [key, value] of args.keywords) dict.set(key, value);
  dict.open ||= args.open === true;
  return dict;
}
