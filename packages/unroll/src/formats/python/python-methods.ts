/** Methods of strings, lists, tuples, dicts and sets. */
import { itemsOf } from "./iterate.ts";
import { formatNumberOrText, mergeDicts, orderOf, textOf } from "./operators.ts";
import type { Runtime } from "./runtime.ts";
import {
  type CallArguments,
  isUnknown,
  keyOf,
  NativeFunction,
  PyDict,
  PyList,
  PySet,
  PyTuple,
  type Value,
} from "./values.ts";

type Method = (args: CallArguments) => Value;

function native(name: string, method: Method): NativeFunction {
  return new NativeFunction(name, method);
}

/** A method of `str`, or undefined for one that is not followed. */
export function textMember(text: string, name: string, rt: Runtime): Value | undefined {
  const first = (args: CallArguments): Value | undefined => args.positional[0];
  const plain = (method: (argument: string | undefined) => Value): Value =>
    native(name, (args) => {
      const argument = first(args);
      rt.spend(text.length);
      if (argument === undefined || argument === null) return method(undefined);
      return typeof argument === "string"
        ? method(argument)
        : rt.unknown(`.${name}()`, "depends on a value that is not known");
    });
  switch (name) {
    case "lower":
    case "casefold":
      return plain(() => text.toLowerCase());
    case "upper":
      return plain(() => text.toUpperCase());
    case "title":
    case "capitalize":
      return plain(() => text.slice(0, 1).toUpperCase() + text.slice(1).toLowerCase());
    case "strip":
      return plain((marks) => trimmed(text, marks, true, true));
    case "lstrip":
      return plain((marks) => trimmed(text, marks, true, false));
    case "rstrip":
      return plain((marks) => trimmed(text, marks, false, true));
    case "startswith":
      return plain((start) => text.startsWith(start ?? ""));
    case "endswith":
      return plain((end) => text.endsWith(end ?? ""));
    case "split":
      return plain((by) => {
        const parts =
          by === undefined ? text.split(/\s+/).filter((part) => part !== "") : by === "" ? [text] : text.split(by);
        return rt.list(parts);
      });
    case "splitlines":
      return plain(() => rt.list(text.replace(/\n$/, "").split("\n")));
    case "count":
      return plain((part) => (part === undefined || part === "" ? text.length + 1 : text.split(part).length - 1));
    case "find":
    case "index":
      return plain((part) => text.indexOf(part ?? ""));
    case "isdigit":
      return plain(() => /^\d+$/.test(text));
    case "isalpha":
      return plain(() => /^\p{L}+$/u.test(text));
    case "encode":
      return plain(() => text);
    case "replace":
      return native(name, ({ positional: [from, to] }) => {
        if (typeof from !== "string" || typeof to !== "string")
          return rt.unknown(".replace()", "depends on a value that is not known");
        rt.reserve(text.length * (1 + to.length));
        return text.replaceAll(from, () => to);
      });
    case "join":
      return native(name, (args) => {
        const { items, open } = itemsOf(first(args) ?? null, rt);
        if (open || !items.every((item) => typeof item === "string"))
          return rt.unknown("join()", "depends on a value that is not known");
        rt.reserve(items.reduce((sum, item) => sum + item.length + text.length, 0));
        return items.join(text);
      });
    case "format":
      return native(name, (args) => formatText(text, args, rt));
    default:
      return undefined;
  }
}

function trimmed(text: string, marks: string | undefined, left: boolean, right: boolean): string {
  const drops = (mark: string): boolean => (marks === undefined ? /\s/.test(mark) : marks.includes(mark));
  let from = 0;
  let to = text.length;
  while (left && from < to && drops(text[from]!)) from++;
  while (right && to > from && drops(text[to - 1]!)) to--;
  return text.slice(from, to);
}

function formatText(pattern: string, args: CallArguments, rt: Runtime): Value {
  let next = 0;
  let complete = true;
  const text = pattern.replaceAll(
    /\{\{|\}\}|\{([\w.]*)(?:![rs])?(?::([^{}]*))?\}/g,
    (whole, key: string | undefined, spec: string | undefined) => {
      if (key === undefined) return whole[0]!;
      const value =
        key === ""
          ? args.positional[next++]
          : /^\d+$/.test(key)
            ? args.positional[Number(key)]
            : args.keywords.get(key);
      const shown =
        value === undefined ? undefined : spec === undefined ? textOf(value) : formatNumberOrText(value, spec);
      complete &&= shown !== undefined;
      return shown ?? whole;
    },
  );
  rt.reserve(text.length);
  return complete ? text : rt.unknown(`'${pattern.slice(0, 20)}'.format(...)`, "depends on a value that is not known");
}

/** A method of a list, tuple, dict or set, or undefined for one that is not followed. */
export function containerMember(
  value: PyList | PyTuple | PyDict | PySet,
  name: string,
  rt: Runtime,
): Value | undefined {
  if (value instanceof PyList) return listMember(value, name, rt);
  if (value instanceof PyDict) return dictMember(value, name, rt);
  if (value instanceof PySet) return setMember(value, name, rt);
  if (name === "index")
    return native(name, ({ positional: [item] }) =>
      value.items.findIndex((member) => keyOf(member) === keyOf(item ?? null)),
    );
  if (name === "count")
    return native(
      name,
      ({ positional: [item] }) => value.items.filter((member) => keyOf(member) === keyOf(item ?? null)).length,
    );
  // A shape's own methods, as TensorFlow's TensorShape has them.
  if (name === "as_list") return native(name, () => rt.list([...value.items]));
  return name === "rank" || name === "ndims" ? value.items.length : undefined;
}

function listMember(list: PyList, name: string, rt: Runtime): Value | undefined {
  /** A change inside of a loop that runs an unknown number of times leaves the length unknown. */
  const change = (method: (args: CallArguments) => Value): Value =>
    native(name, (args) => {
      if (list.madeIn < rt.uncertain) list.open = true;
      // Only append leaves the other items where they are.
      if (name !== "append") rt.spend(list.items.length);
      return method(args);
    });
  switch (name) {
    case "append":
      return change(({ positional: [item] }) => {
        rt.reserve(1);
        // One example is enough where the list stands for many.
        if (!list.open || list.items.length === 0) list.items.push(item ?? null);
        return null;
      });
    case "extend":
      return change(({ positional: [more] }) => {
        const { items, open } = itemsOf(more ?? null, rt);
        rt.reserve(list.items.length + items.length);
        list.items.push(...items);
        list.open ||= open;
        return null;
      });
    case "insert":
      return change(({ positional: [at, item] }) => {
        rt.reserve(1);
        list.items.splice(typeof at === "number" ? at : list.items.length, 0, item ?? null);
        return null;
      });
    case "pop":
      return change(({ positional: [at] }) => {
        const removed = typeof at === "number" ? list.items.splice(at, 1)[0] : list.items.pop();
        return removed === undefined ? rt.unknown("pop()", "takes an item from an empty list") : removed;
      });
    case "remove":
      return change(({ positional: [item] }) => {
        const at = list.items.findIndex((member) => keyOf(member) === keyOf(item ?? null));
        if (at >= 0) list.items.splice(at, 1);
        return null;
      });
    case "clear":
      return change(() => {
        list.items = [];
        return null;
      });
    case "reverse":
      return native(name, () => {
        list.items.reverse();
        return null;
      });
    case "sort":
      return native(name, () => {
        rt.spend(20 * list.items.length);
        list.items = sorted(list.items) ?? list.items;
        return null;
      });
    case "copy":
      return native(name, () => rt.list([...list.items], list.open));
    case "index":
      return native(name, ({ positional: [item] }) =>
        list.items.findIndex((member) => keyOf(member) === keyOf(item ?? null)),
      );
    case "count":
      return native(name, ({ positional: [item] }) =>
        list.open
          ? rt.unknown("count()", "counts in data that is not known")
          : list.items.filter((member) => keyOf(member) === keyOf(item ?? null)).length,
      );
    case "as_list":
      return native(name, () => list);
    default:
      return undefined;
  }
}

/** Items in Python's order; undefined where they have none. */
export function sorted(items: readonly Value[]): Value[] | undefined {
  let ordered = true;
  const result = [...items].sort((a, b) => {
    const order = orderOf(a, b);
    ordered &&= order !== undefined;
    return order ?? 0;
  });
  return ordered ? result : undefined;
}

function dictMember(dict: PyDict, name: string, rt: Runtime): Value | undefined {
  const entries = (): { key: Value; value: Value }[] => [...dict.entries.values()];
  const change = (method: (args: CallArguments) => Value): Value =>
    native(name, (args) => {
      if (dict.madeIn < rt.uncertain) dict.open = true;
      return method(args);
    });
  const missing = (key: Value | undefined, otherwise: Value | undefined): Value => {
    if (otherwise !== undefined) return otherwise;
    if (!dict.open && !isUnknown(key)) return null;
    return rt.unknown(`${dict.label ?? "dict"}.get(${textOf(key ?? null) ?? "..."})`, "is in a dict filled from data");
  };
  switch (name) {
    case "get":
      return native(name, ({ positional: [key, otherwise] }) => {
        const known = dict.get(key ?? null);
        return known === undefined ? missing(key, otherwise) : known;
      });
    case "keys":
      return native(name, () =>
        rt.list(
          entries().map((entry) => entry.key),
          dict.open,
        ),
      );
    case "values":
      return native(name, () =>
        rt.list(
          entries().map((entry) => entry.value),
          dict.open,
        ),
      );
    case "items":
      return native(name, () =>
        rt.list(
          entries().map(({ key, value }) => new PyTuple([key, value])),
          dict.open,
        ),
      );
    case "update":
      return change((args) => {
        for (const value of args.positional) {
          if (value instanceof PyDict) for (const [key, entry] of value.entries) dict.entries.set(key, entry);
          else dict.open = true;
        }
        for (const [key, value] of args.keywords) dict.set(key, value);
        dict.open ||= args.open === true;
        rt.reserve(dict.entries.size);
        return null;
      });
    case "setdefault":
      return change(({ positional: [key, value] }) => {
        const known = dict.get(key ?? null);
        if (known === undefined) dict.set(key ?? null, value ?? null);
        return known === undefined ? (value ?? null) : known;
      });
    case "pop":
      return change(({ positional: [key, otherwise] }) => {
        const known = dict.get(key ?? null);
        dict.entries.delete(keyOf(key ?? null));
        return known === undefined ? missing(key, otherwise) : known;
      });
    case "copy":
      return native(name, () => mergeDicts([dict]));
    default:
      return undefined;
  }
}

function setMember(set: PySet, name: string, rt: Runtime): Value | undefined {
  switch (name) {
    case "add":
      return native(name, ({ positional: [item] }) => {
        if (set.madeIn < rt.uncertain || isUnknown(item)) set.open = true;
        rt.reserve(1);
        set.entries.set(keyOf(item ?? null), item ?? null);
        return null;
      });
    case "update":
    case "union":
      return native(name, ({ positional }) => {
        const target = name === "update" ? set : new PySet(set.entries.values());
        target.open ||= set.open || (name === "update" && set.madeIn < rt.uncertain);
        for (const value of positional) {
          const { items, open } = itemsOf(value, rt);
          rt.reserve(items.length);
          for (const item of items) target.entries.set(keyOf(item), item);
          target.open ||= open;
        }
        return name === "update" ? null : target;
      });
    case "discard":
    case "remove":
      return native(name, ({ positional: [item] }) => {
        set.entries.delete(keyOf(item ?? null));
        return null;
      });
    default:
      return undefined;
  }
}
