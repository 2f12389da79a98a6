/**
 * Settings that a script takes from its command line, by `argparse`: each at the default that the code writes, or at what the
 * code itself hands to `parse_args`. `SimpleNamespace`, which code makes by hand, is the same kind of object.
 */
import { itemsOf } from "./iterate.ts";
import type { Runtime } from "./runtime.ts";
import { type CallArguments, isSequence, NativeFunction, PyClass, PyInstance, PyTuple, type Value } from "./values.ts";

interface Argument {
  /** `--units` and `-u`; the bare name of one that goes by its place. */
  readonly flags: readonly string[];
  readonly type: Value;
  readonly default: Value;
  /** What the flag alone says: True for `store_true`. */
  readonly constant: Value | undefined;
}

/** `Namespace(units=4)`. */
export function namespaceOf(members: Iterable<readonly [string, Value]>): PyInstance {
  const space = new PyInstance(new PyClass("Namespace", [], undefined));
  for (const [name, value] of members) space.members.set(name, value);
  return space;
}

/** `ArgumentParser()`, with the methods by which arguments are named and read. */
export function argumentParser(rt: Runtime): PyInstance {
  const parser = new PyInstance(new PyClass("ArgumentParser", [], undefined));
  const known = new Map<string, Argument>();
  const method = (name: string, body: (args: CallArguments) => Value): void => {
    parser.members.set(name, new NativeFunction(name, body));
  };
  method("add_argument", (args) => {
    const flags = args.positional.filter((flag): flag is string => typeof flag === "string");
    const dest = args.keywords.get("dest");
    const name = typeof dest === "string" ? dest : nameOf(flags);
    if (name !== undefined) known.set(name, argumentOf(name, flags, args, rt));
    return null;
  });
  method("set_defaults", ({ keywords }) => {
    for (const [name, value] of keywords)
      known.set(name, { flags: [], type: null, constant: undefined, ...known.get(name), default: value });
    return null;
  });
  // A group only orders the help text.
  for (const name of ["add_argument_group", "add_mutually_exclusive_group"]) method(name, () => parser);
  const parse = ({ positional, keywords }: CallArguments): PyInstance => {
    const given = textsOf(positional[0] ?? keywords.get("args"), rt);
    return namespaceOf([...known].map(([name, argument]) => [name, readValue(argument, given, rt)] as const));
  };
  method("parse_args", parse);
  method("parse_known_args", (args) => new PyTuple([parse(args), rt.list([])]));
  return parser;
}

/** `--batch-size` is read as `batch_size`; the first long flag names the argument. */
function nameOf(flags: readonly string[]): string | undefined {
  const flag = flags.find((one) => one.startsWith("--")) ?? flags[0];
  return flag?.replace(/^-+/, "").replaceAll("-", "_");
}

function argumentOf(name: string, flags: readonly string[], { keywords }: CallArguments, rt: Runtime): Argument {
  const action = keywords.get("action");
  const isFlag = action === "store_true" || action === "store_false";
  const needed = flags.every((flag) => !flag.startsWith("-")) || keywords.get("required") === true;
  const otherwise: Value = isFlag
    ? action === "store_false"
    : needed
      ? rt.unknown(name, "is given on the command line")
      : null;
  return {
    flags,
    type: keywords.get("type") ?? null,
    default: keywords.get("default") ?? otherwise,
    constant: isFlag ? action === "store_true" : action === "store_const" ? keywords.get("const") : undefined,
  };
}

function readValue(
  { flags, type, default: otherwise, constant }: Argument,
  given: readonly string[],
  rt: Runtime,
): Value {
  const typed = (text: string): Value =>
    type === null ? text : rt.call(type, { positional: [text], keywords: new Map(), at: rt.at });
  const at = given.findLastIndex((text) => flags.includes(text));
  const whole = given.findLast((text) => flags.some((flag) => text.startsWith(`${flag}=`)));
  if (at >= 0 && constant !== undefined) return constant;
  if (at >= 0 && given[at + 1] !== undefined) return typed(given[at + 1]!);
  if (whole !== undefined) return typed(whole.slice(whole.indexOf("=") + 1));
  // Python gives a default that is a text to the argument's type as well.
  return typeof otherwise === "string" ? typed(otherwise) : otherwise;
}

/** The command line that the code writes itself. */
function textsOf(value: Value | undefined, rt: Runtime): string[] {
  const items = isSequence(value) ? itemsOf(value, rt).items : [];
  return items.filter((item): item is string => typeof item === "string");
}
