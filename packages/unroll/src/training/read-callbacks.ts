/** The callbacks that a fit is given, as a list of things that it can call. What they do is in callbacks.ts. */
import { didYouMean, UnrollError } from "../core/errors.ts";
import type { Callback } from "./callbacks.ts";
import { camelCase } from "./options.ts";

/** The methods of a callback; the type asks for a name here for each of them. */
const hooks: Readonly<Record<keyof Callback, true>> = {
  onTrainBegin: true,
  onTrainEnd: true,
  onEpochBegin: true,
  onEpochEnd: true,
  onBatchBegin: true,
  onBatchEnd: true,
  save: true,
  restore: true,
};

/**
 * The callbacks that are meant, as a list.
 *
 * @throws UnrollError `option` for something that has no method of a callback; `unknown-name` for a method that nobody calls
 */
export function readCallbacks(given: Callback | readonly Callback[] | undefined): readonly Callback[] {
  const list: readonly Callback[] = given === undefined ? [] : Array.isArray(given) ? given : [given as Callback]; // told apart
  for (const [index, callback] of list.entries()) checkCallback(callback, `callbacks[${index}]`);
  return list;
}

function checkCallback(callback: unknown, path: string): void {
  const known = Object.keys(hooks);
  const isObject = typeof callback === "object" && callback !== null;
  if (typeof callback === "function" && /^class\b/.test(String(callback))) throw notMade(callback.name, path);
  const hint = `A callback is an object with some of ${known.filter((name) => name.startsWith("on")).join(", ")}.`;
  if (isObject) {
    for (const name of methodsOf(callback)) {
      const near = known.includes(name) || !name.startsWith("on") ? undefined : didYouMean(camelCase(name), known);
      if (near === undefined) continue;
      throw new UnrollError({ code: "unknown-name", path, expected: `fit never calls ${name}`, hint: near });
    }
    if (known.some((name) => typeof (callback as Record<string, unknown>)[name] === "function")) return;
  }
  const received = isObject
    ? "an object without any"
    : typeof callback === "function"
      ? "a function"
      : `${typeof callback} ${String(callback)}`;
  throw new UnrollError({ code: "option", path, expected: "must have a method that fit calls", received, hint });
}

/** Keras's callbacks are classes, of which one is made for a run. */
function notMade(name: string, path: string): UnrollError {
  return new UnrollError({
    code: "option",
    path,
    expected: "must be a callback, not its class",
    received: `the class ${name}`,
    hint: `Make one: new ${name}().`,
  });
}

/** Names of an object's methods, those of its classes among them. */
function methodsOf(object: object): string[] {
  const names: string[] = [];
  for (let at = object; at !== Object.prototype && at !== null; at = Object.getPrototypeOf(at)) {
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(at))) {
      if (typeof value === "function") names.push(name);
    }
  }
  return names;
}
