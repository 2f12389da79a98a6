/**
 * Python's operators on our values: arithmetic, comparison, truth, and text of a value.
 * What depends on an unknown is unknown; nothing here throws but the limits.
 */

import { arrayArithmetic } from "./array-shapes.ts";
import type { BinaryOperator, CompareOperator } from "./ast.ts";
import { Allowance, LARGEST_COLLECTION, type Runtime } from "./runtime.ts";
import { applySizeOperator, knownDifference, Unknown } from "./unknown.ts";
import {
  ArrayValue,
  isObject,
  isSequence,
  isSize,
  isUnknown,
  keyOf,
  PyDict,
  PyList,
  PySet,
  PyTuple,
  type Value,
} from "./values.ts";

const DEEPEST_TEXT = 8;

/** `left operator right`; undefined where our values have no such operation. */
export function binary(operator: BinaryOperator, left: Value, right: Value, rt: Runtime): Value {
  const a = typeof left === "boolean" ? Number(left) : left;
  const b = typeof right === "boolean" ? Number(right) : right;
  if (typeof a === "number" && typeof b === "number") return arithmetic(operator, a, b, rt);
  if (typeof a === "string" && operator === "%") return percentFormat(a, right, rt);
  if (typeof a === "string" && typeof b === "string" && operator === "+") {
    rt.reserve(a.length + b.length);
    return a + b;
  }
  if (operator === "*") {
    const repeated = repeat(a, b, rt) ?? repeat(b, a, rt);
    if (repeated !== undefined) return repeated;
  }
  if (isSequence(a) && isSequence(b)) rt.reserve(a.items.length + b.items.length);
  if (operator === "+" && a instanceof PyTuple && b instanceof PyTuple) return new PyTuple([...a.items, ...b.items]);
  if (operator === "+" && a instanceof PyList && b instanceof PyList)
    return rt.list([...a.items, ...b.items], a.open || b.open);
  if (a instanceof ArrayValue || b instanceof ArrayValue) return arrayArithmetic(a, b, rt);
  if (a instanceof PySet && b instanceof PySet) {
    rt.reserve(a.entries.size + b.entries.size);
    return setArithmetic(operator, a, b);
  }
  if (operator === "|" && a instanceof PyDict && b instanceof PyDict) return mergeDicts([a, b]);
  if (isSize(a) && isSize(b) && isSizeOperator(operator)) return rt.combine(operator, [a, b]);
  const source = isUnknown(a) ? a : isUnknown(b) ? b : undefined;
  return rt.unknown(
    `${nameOf(left)} ${operator} ${nameOf(right)}`,
    source?.reason ?? `${operator} of such values is not worked out`,
  );
}

function isSizeOperator(operator: BinaryOperator): operator is "+" | "-" | "*" | "/" | "//" | "%" | "**" {
  return ["+", "-", "*", "/", "//", "%", "**"].includes(operator);
}

function arithmetic(operator: BinaryOperator, a: number, b: number, rt: Runtime): Value {
  let result: number;
  if (isSizeOperator(operator)) result = applySizeOperator(operator, [a, b]);
  else {
    // Bits go through BigInt: JavaScript's own operators cut to 32 bits.
    if (!Number.isSafeInteger(a) || !Number.isSafeInteger(b) || operator === "@")
      return rt.unknown(`${a} ${operator} ${b}`, "is no whole number");
    if ((operator === "<<" || operator === ">>") && (b < 0 || b > 64))
      return rt.unknown(`${a} ${operator} ${b}`, "is too large");
    const [x, y] = [BigInt(a), BigInt(b)];
    const bits = {
      "<<": x << (operator === "<<" ? y : 0n),
      ">>": x >> (operator === ">>" ? y : 0n),
      "&": x & y,
      "|": x | y,
      "^": x ^ y,
    };
    result = Number(bits[operator]);
  }
  if (Number.isFinite(result)) return result;
  return rt.unknown(`${a} ${operator} ${b}`, "is no finite number");
}

function repeat(value: Value, times: Value, rt: Runtime): Value | undefined {
  if (typeof times !== "number") {
    return isUnknown(times) && value instanceof PyList ? rt.list([...value.items], true) : undefined;
  }
  const count = Math.max(0, Math.trunc(times));
  if (typeof value === "string") {
    rt.reserve(value.length * count);
    return value.repeat(count);
  }
  if (!isSequence(value)) return undefined;
  rt.reserve(value.items.length * count);
  const items = Array.from({ length: count }, () => value.items).flat();
  return value.kind === "list" ? rt.list(items, value.open) : new PyTuple(items);
}

function setArithmetic(operator: BinaryOperator, a: PySet, b: PySet): PySet {
  const has = (set: PySet, item: Value): boolean => set.entries.has(keyOf(item));
  const all = [...a.entries.values(), ...b.entries.values()];
  const kept = all.filter((item) => {
    if (operator === "&") return has(a, item) && has(b, item);
    if (operator === "-") return has(a, item) && !has(b, item);
    if (operator === "^") return has(a, item) !== has(b, item);
    return true;
  });
  const result = new PySet(kept);
  result.open = a.open || b.open;
  return result;
}

/** One dict with the entries of all; later ones win. */
export function mergeDicts(dicts: readonly PyDict[]): PyDict {
  const merged = new PyDict();
  for (const dict of dicts) {
    for (const [key, entry] of dict.entries) merged.entries.set(key, entry);
    merged.open ||= dict.open;
  }
  return merged;
}

/** True, false, or undefined where it depends on something unknown. */
export function compare(operator: CompareOperator, left: Value, right: Value, rt: Runtime): boolean | undefined {
  switch (operator) {
    case "is":
    case "==":
      return equal(left, right);
    case "is not":
    case "!=": {
      const same = equal(left, right);
      return same === undefined ? undefined : !same;
    }
    case "in":
      return contains(right, left, rt);
    case "not in": {
      const inside = contains(right, left, rt);
      return inside === undefined ? undefined : !inside;
    }
  }
  const order = orderOf(left, right);
  if (order === undefined) return undefined;
  if (operator === "<") return order < 0;
  if (operator === ">") return order > 0;
  return operator === "<=" ? order <= 0 : order >= 0;
}

/** Negative, zero or positive as Python orders the two; undefined where it does not or it is unknown. */
export function orderOf(left: Value, right: Value): number | undefined {
  const a = typeof left === "boolean" ? Number(left) : left;
  const b = typeof right === "boolean" ? Number(right) : right;
  if (typeof a === "number" && typeof b === "number") return a - b;
  if (typeof a === "string" && typeof b === "string") return a < b ? -1 : a > b ? 1 : 0;
  if (isSequence(a) && isSequence(b) && a.kind === b.kind) {
    for (let i = 0; i < Math.min(a.items.length, b.items.length); i++) {
      const order = isSequence(a.items[i]) ? undefined : orderOf(a.items[i]!, b.items[i]!);
      if (order !== 0) return order;
    }
    return a.items.length - b.items.length;
  }
  return isSize(a) && isSize(b) ? knownDifference(a, b) : undefined;
}

function equal(
  left: Value,
  right: Value,
  depth = 0,
  allowance = new Allowance(LARGEST_COLLECTION),
): boolean | undefined {
  if (left === right) return true;
  if (!allowance.take()) return undefined;
  if (isUnknown(left) || isUnknown(right)) {
    // An unknown value from outside is data; code that compares it with None asks whether it was given.
    if (left === null || right === null) return false;
    return isSize(left) && isSize(right) && knownDifference(left, right) === 0 ? true : undefined;
  }
  const a = typeof left === "boolean" ? Number(left) : left;
  const b = typeof right === "boolean" ? Number(right) : right;
  if (isSequence(a) && isSequence(b) && depth < DEEPEST_TEXT) {
    if (a.kind !== b.kind || a.items.length !== b.items.length) return false;
    for (let i = 0; i < a.items.length; i++) {
      const same = equal(a.items[i]!, b.items[i]!, depth + 1, allowance);
      if (same !== true) return same;
    }
    return true;
  }
  if (a instanceof ArrayValue || b instanceof ArrayValue) return undefined;
  return a === b;
}

function contains(container: Value, item: Value, rt: Runtime): boolean | undefined {
  if (typeof container === "string") rt.spend(container.length);
  if (typeof container === "string") return typeof item === "string" ? container.includes(item) : undefined;
  if (!isObject(container) || isUnknown(item)) return undefined;
  if (container.kind === "dict" || container.kind === "set") {
    return container.entries.has(keyOf(item)) || (container.open ? undefined : false);
  }
  if (!isSequence(container)) return undefined;
  rt.spend(container.items.length);
  const found = container.items.map((member) => equal(member, item));
  if (found.includes(true)) return true;
  return found.includes(undefined) || (container.kind === "list" && container.open) ? undefined : false;
}

/** Whether Python takes a value for true; undefined where it is unknown. */
export function truth(value: Value): boolean | undefined {
  if (!isObject(value)) return Boolean(value);
  switch (value.kind) {
    case "unknown":
      return undefined;
    case "list":
    case "tuple":
      return value.items.length > 0 || (value.kind === "list" && value.open ? undefined : false);
    case "dict":
    case "set":
      return value.entries.size > 0 || (value.open ? undefined : false);
    case "array":
      return undefined;
    default:
      return true;
  }
}

/** `str(value)`; undefined where part of it is unknown. */
export function textOf(value: Value, depth = 0, allowance = new Allowance()): string | undefined {
  if (value === null) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (typeof value === "number" || typeof value === "string") return String(value);
  if (depth > DEEPEST_TEXT || !allowance.take()) return undefined;
  if (isSequence(value)) {
    // Numbers count as well: lists of lists may hold more of them than can be written.
    if (value.items.length > 1000 || !allowance.take(value.items.length) || (value.kind === "list" && value.open))
      return undefined;
    const items = value.items.map((item) => quotedText(item, depth + 1, allowance));
    if (items.includes(undefined)) return undefined;
    if (value.kind === "list") return `[${items.join(", ")}]`;
    return items.length === 1 ? `(${items[0]},)` : `(${items.join(", ")})`;
  }
  return undefined;
}

/** `repr(value)`; undefined where part of it is unknown. */
export function quotedText(value: Value, depth = 0, allowance = new Allowance()): string | undefined {
  if (typeof value !== "string") return textOf(value, depth, allowance);
  if (!allowance.take(value.length)) return undefined;
  return value.length > LARGEST_COLLECTION
    ? undefined
    : `'${value.replaceAll("\\", "\\\\").replaceAll("'", "\\'").replaceAll("\n", "\\n")}'`;
}

/** A short name for a value in the text of an unknown. */
export function nameOf(value: Value): string {
  if (isUnknown(value)) return value.origin !== undefined && value.label === undefined ? `(${value.text})` : value.name;
  if (isObject(value)) {
    if (value.kind === "module") return value.path.split(".").at(-1)!;
    if ("label" in value && value.label !== undefined) return value.label;
    if ("name" in value && typeof value.name === "string") return value.name;
  }
  const text = quotedText(value);
  return text === undefined ? "..." : text.length > 24 ? `${text.slice(0, 21)}...` : text;
}

/** `"rnn_%d" % i`: the conversions that names are made with. */
function percentFormat(pattern: string, values: Value, rt: Runtime): Value {
  const items = values instanceof PyTuple ? [...values.items] : [values];
  let complete = true;
  const text = pattern.replaceAll(
    /%(-?0?\d*)(?:\.(\d+))?([sdifr%])/g,
    (_, width: string, digits: string | undefined, type: string) => {
      if (type === "%") return "%";
      const item = items.shift();
      const shown =
        item === undefined
          ? undefined
          : formatNumberOrText(item, `${width}${digits === undefined ? "" : `.${digits}`}${type}`);
      complete &&= shown !== undefined;
      return shown ?? "";
    },
  );
  rt.reserve(text.length);
  return complete ? text : rt.unknown(`'${pattern.slice(0, 20)}' % ...`, "depends on a value that is not known");
}

/** `format(value, spec)` for the specs in use: width, alignment, zeros, decimals, thousands; undefined where unknown. */
export function formatNumberOrText(value: Value, spec: string): string | undefined {
  const match = /^(?:(.)?([<>^]))?([+ ]?)(0?)(\d*)([,_]?)(?:\.(\d+))?([a-z%]?)$/i.exec(spec);
  if (match === null) return undefined;
  const [, fill = " ", align, , zero, widthText, comma, decimals, type] = match;
  const width = Math.min(Number(widthText || 0), 200);
  let text: string | undefined;
  if (typeof value === "number" && (decimals !== undefined || type === "f" || type === "%")) {
    const digits = Math.min(Number(decimals ?? 6), 20);
    text =
      type === "%"
        ? `${(value * 100).toFixed(digits)}%`
        : type === "e"
          ? value.toExponential(digits)
          : value.toFixed(digits);
  } else if (type === "r") text = quotedText(value);
  else text = textOf(value);
  if (text === undefined) return undefined;
  if (comma !== "") text = text.replace(/\d+/, (whole) => whole.replaceAll(/\B(?=(\d{3})+$)/g, comma!));
  if (zero === "0") return text.padStart(width, "0");
  if (align === "<" || (align === undefined && typeof value === "string")) return text.padEnd(width, fill);
  if (align === "^") return text.padStart(Math.floor((width + text.length) / 2), fill).padEnd(width, fill);
  return text.padStart(width, fill);
}

/** `-value`, `+value`, `~value`. */
export function negate(operator: "-" | "+" | "~", value: Value, rt: Runtime): Value {
  if (typeof value === "boolean" || typeof value === "number") {
    const number = Number(value);
    return operator === "-" ? 0 - number : operator === "+" ? number : -number - 1;
  }
  if (value instanceof Unknown && operator === "-") return rt.combine("neg", [value]);
  if (value instanceof ArrayValue || operator === "+") return value;
  return rt.unknown(`${operator}${nameOf(value)}`, "is not worked out");
}

/** Why a value is not known. */
export function reasonOf(value: Value): string {
  return isUnknown(value) ? value.reason : "depends on a value that is not known";
}
