/** For objects that hold what makes layers, optimizers and the like: their names may be spelt as in Keras, where they are classes. */
import { didYouMean, UnrollError } from "./errors.ts";

/**
 * The same object, but names that are not in it and can only be meant for it are told: in JavaScript `optimizers.Adam` would be
 * undefined, and `compile` would take its default. Other names stay undefined, as tools that look for `then` or `toJSON` want it.
 *
 * @param path what the object is called: "optimizers"
 */
/* @__NO_SIDE_EFFECTS__ */
export function spelled<T extends object>(path: string, holder: T): T {
  return new Proxy(holder, {
    get(target, name) {
      if (typeof name === "string" && !(name in target)) checkSpelling(path, name, Object.keys(target));
      return Reflect.get(target, name);
    },
  });
}

/** Throws UnrollError `unknown-name` for a class's name and for a name in other letters. */
function checkSpelling(path: string, name: string, names: readonly string[]): void {
  const same = names.find((one) => one.toLowerCase() === name.toLowerCase());
  if (same === undefined && !/^[A-Z]/.test(name)) return;
  const hint = same === undefined ? didYouMean(name, names) : `It is ${path}.${same} here.`;
  throw new UnrollError({
    code: "unknown-name",
    path,
    expected: `there is none named ${name}`,
    hint: hint ?? "docs/api.md has all names; they begin with a small letter.",
  });
}
