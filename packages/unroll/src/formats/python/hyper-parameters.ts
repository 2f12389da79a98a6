/** The `hp` that KerasTuner gives to a function that builds models: every choice at its default, else its first or smallest value. */
import { itemsOf } from "./iterate.ts";
import type { Runtime } from "./runtime.ts";
import { type CallArguments, NativeFunction, PyClass, PyInstance, type Value } from "./values.ts";

export function hyperParameters(rt: Runtime): PyInstance {
  const hp = new PyInstance(new PyClass("HyperParameters", [], undefined));
  const choice = (name: string, first: (args: CallArguments) => Value): void => {
    hp.members.set(name, new NativeFunction(name, (args) => args.keywords.get("default") ?? first(args)));
  };
  const smallest = ({ positional, keywords }: CallArguments): Value =>
    keywords.get("min_value") ?? positional[1] ?? rt.unknown("hp", "is a choice of a tuner");
  choice("Int", smallest);
  choice("Float", smallest);
  choice("Boolean", () => false);
  choice("Fixed", ({ positional, keywords }) => keywords.get("value") ?? positional[1] ?? null);
  choice(
    "Choice",
    ({ positional, keywords }) => itemsOf(keywords.get("values") ?? positional[1] ?? null, rt).items[0] ?? null,
  );
  return hp;
}
