/** Functions of Python's standard modules that code about models uses: itertools, functools, json, argparse. */
import { argumentParser, namespaceOf } from "./argument-parser.ts";
import { itemsOf } from "./iterate.ts";
import type { Machine } from "./machine.ts";
import { type CallArguments, NativeFunction, PyDict, PyTuple, type Value } from "./values.ts";

/** What a function of a library does. */
export type Body = (args: CallArguments, machine: Machine) => Value;

/** JSON in code goes no deeper. */
const DEEPEST_JSON = 16;

/** By their full paths. */
export const STANDARD_MODULES: ReadonlyMap<string, Body> = new Map<string, Body>([
  [
    "itertools.product",
    ({ positional }, { rt }) => {
      const lists = positional.map((value) => itemsOf(value, rt));
      let tuples: readonly (readonly Value[])[] = [[]];
      for (const { items } of lists) {
        tuples = tuples.flatMap((start) =>
          items.map((item) => {
            rt.step();
            return [...start, item];
          }),
        );
      }
      const open = lists.some((list) => list.open);
      return rt.list(
        tuples.map((items) => new PyTuple(items)),
        open,
      );
    },
  ],
  ["itertools.chain", ({ positional }, { rt }) => joined(positional, rt)],
  [
    "json.loads",
    ({ positional: [text] }, { rt }) => {
      const value = typeof text === "string" ? valueOfJson(text, rt) : undefined;
      // null is a value: JSON's null is None.
      return value === undefined ? rt.unknown("loads(...)", "reads data that the code does not show") : value;
    },
  ],
  [
    "functools.reduce",
    ({ positional: [fn = null, values = null, ...first], at }, { rt }) => {
      const { items, open } = itemsOf(values, rt);
      const [start, ...rest] = [...first, ...items];
      if (open || start === undefined)
        return rt.unknown("reduce(...)", "goes through data that the code does not show");
      return rest.reduce((left, right) => {
        rt.step();
        return rt.call(fn, { positional: [left, right], keywords: new Map(), at });
      }, start);
    },
  ],
  ["argparse.ArgumentParser", (_, { rt }) => argumentParser(rt)],
  ["argparse.Namespace", ({ keywords }) => namespaceOf(keywords)],
  ["types.SimpleNamespace", ({ keywords }) => namespaceOf(keywords)],
  [
    "functools.partial",
    ({ positional: [fn, ...first], keywords: fixed }, { rt }) =>
      new NativeFunction("partial", ({ positional, keywords, at }) =>
        rt.call(fn ?? null, {
          positional: [...first, ...positional],
          keywords: new Map([...fixed, ...keywords]),
          at,
        }),
      ),
  ],
]);

/** `chain(a, b)`: the items of each. */
function joined(values: readonly Value[], rt: Machine["rt"]): Value {
  const lists = values.map((value) => itemsOf(value, rt));
  return rt.list(
    lists.flatMap(({ items }) => items),
    lists.some(({ open }) => open),
  );
}

/** The value of JSON that is written in the code; undefined for text that is none. */
function valueOfJson(text: string, rt: Machine["rt"]): Value | undefined {
  const valueIn = (parsed: unknown, depth: number): Value => {
    rt.step();
    if (typeof parsed !== "object" || parsed === null) return parsed as Value; // JSON has no other values
    if (depth > DEEPEST_JSON) return rt.unknown("loads(...)", "is nested too deeply");
    if (Array.isArray(parsed)) return rt.list(parsed.map((item) => valueIn(item, depth + 1)));
    const dict = new PyDict(rt.uncertain);
    for (const [key, item] of Object.entries(parsed)) dict.set(key, valueIn(item, depth + 1));
    return dict;
  };
  try {
    return valueIn(JSON.parse(text), 0);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
