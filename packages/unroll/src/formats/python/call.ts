/** Calls: of the user's functions, methods and classes, and through them of everything else. */
import type { Expression, Statement } from "./ast.ts";
import { bind } from "./bind.ts";
import { callBuildersIn } from "./builders.ts";
import { evaluate } from "./evaluate.ts";
import { executeBlock, type Frame } from "./execute.ts";
import { hyperParameters } from "./hyper-parameters.ts";
import { applyTo } from "./keras-apply.ts";
import { KerasModel } from "./keras-graph.ts";
import type { Machine } from "./machine.ts";
import { nameOf } from "./operators.ts";
import type { Runtime } from "./runtime.ts";
import { layerOfInstance, layerOfUnknown } from "./stand-in.ts";
import { extendLayer, notComputed } from "./subclass.ts";
import { tensorsIn } from "./tensors-in.ts";
import {
  type CallArguments,
  isObject,
  isUnknown,
  NativeFunction,
  type PyClass,
  PyDict,
  PyFunction,
  PyInstance,
  PySuper,
  PyTuple,
  Scope,
  type Value,
} from "./values.ts";

/** Calls a function or method of the user's. */
export function callFunction(fn: PyFunction, args: CallArguments, machine: Machine): Value {
  const { rt } = machine;
  fn.called = true;
  if (fn.suspends) return rt.unknown(`${fn.name}(...)`, "is a generator, which is not run");
  return rt.inCall(() => {
    const scope = new Scope(fn.scope);
    bindArguments(fn, args, scope, machine);
    rt.at = { cell: fn.cell, line: rt.at.line };
    if (!Array.isArray(fn.body)) return evaluate(fn.body as Expression, scope, machine);
    const frame: Frame = { scope, possible: [] };
    // A body that is a list holds statements; a lambda's is one expression.
    const outcome = executeBlock(fn.body as readonly Statement[], frame, machine);
    const result = outcome.kind === "return" ? outcome.value : null;
    return oneOf(result, frame.possible, fn.name, machine);
  });
}

/** The result of a function that may have returned early: an object if there is one, else unknown where they differ. */
function oneOf(result: Value, possible: readonly Value[], name: string, { rt }: Machine): Value {
  if (possible.length === 0 || (isObject(result) && !isUnknown(result))) return result;
  const object = possible.find((value) => isObject(value) && !isUnknown(value));
  if (object !== undefined) return object;
  return possible.every((value) => value === result)
    ? result
    : rt.unknown(`${name}(...)`, "depends on a condition that is not known");
}

function bindArguments(fn: PyFunction, args: CallArguments, scope: Scope, { rt }: Machine): void {
  const positional = fn.self === undefined ? [...args.positional] : [fn.self, ...args.positional];
  // An instance is also handed on by hand: `Above.method(self)`, or by the function that a decorator put around a method.
  const [self] = positional;
  const { cls } = fn.scope;
  if (self instanceof PyInstance && cls !== undefined) {
    scope.variables.set("super", new NativeFunction("super", () => new PySuper(self, cls)));
  }
  const keywords = new Map(args.keywords);
  for (const parameter of fn.parameters) {
    const { name, kind } = parameter;
    if (kind === "star") {
      scope.variables.set(name, new PyTuple(positional.splice(0)));
      continue;
    }
    if (kind === "double-star") {
      const rest = new PyDict(rt.uncertain);
      for (const [key, value] of keywords) rest.set(key, value);
      scope.variables.set(name, rest);
      continue;
    }
    const value =
      kind === "plain" && positional.length > 0
        ? positional.shift()
        : keywords.has(name)
          ? keywords.get(name)
          : fn.defaults.get(name);
    keywords.delete(name);
    scope.variables.set(name, rt.named(name, value ?? (value === null ? null : notGiven(name, fn, rt))));
  }
}

/** What a parameter without a value stands for. */
function notGiven(name: string, fn: PyFunction, rt: Runtime): Value {
  return name === "hp" ? hyperParameters(rt) : rt.unknown(name, `is an argument of ${fn.name} that no call gives`);
}

/** Calls anything. */
export function callValue(callee: Value, args: CallArguments, machine: Machine): Value {
  const { rt } = machine;
  if (isObject(callee)) {
    switch (callee.kind) {
      case "native":
        return callee.call(args);
      case "function":
        return callFunction(callee, args, machine);
      case "class":
        return instantiate(callee, args, machine);
      case "keras-class":
      case "layer":
      case "model":
      case "module":
        return machine.callLibrary(callee, args);
      case "instance":
        return callInstance(callee, args, machine);
      case "unknown": {
        const called = args.positional.some((value) => tensorsIn(value).length > 0);
        const layer = called ? layerOfUnknown(callee, rt) : undefined;
        if (layer !== undefined) return applyTo(layer, args, machine);
        callBuildersIn(args, machine);
        return callee.part(`(${args.positional.map(nameOf).join(", ")})`, rt.at);
      }
    }
  }
  return rt.unknown(`${nameOf(callee)}(...)`, "is not something that is followed");
}

function instantiate(cls: PyClass, args: CallArguments, machine: Machine): Value {
  const instance = new PyInstance(cls);
  const init = cls.find("__init__");
  if (init instanceof PyFunction) machine.rt.call(bind(init, instance), args);
  else if (cls.kerasLayer !== undefined) extendLayer(instance, args, machine);
  else if (cls.kerasBase === undefined) fillFields(instance, args, machine);
  const name = args.keywords.get("name");
  if (typeof name === "string" && !instance.members.has("name")) instance.members.set("name", name);
  return instance;
}

/** What a dataclass does: arguments by name are its fields; of those by place it is not followed which they are. */
function fillFields({ cls, members }: PyInstance, { positional, keywords }: CallArguments, { rt }: Machine): void {
  for (const [name, value] of positional.length > 0 ? cls.members : [])
    if (!(value instanceof PyFunction))
      members.set(name, rt.unknown(`${cls.name}.${name}`, "may be given by its place among the fields"));
  for (const [name, value] of keywords) members.set(name, value);
}

function callInstance(instance: PyInstance, args: CallArguments, machine: Machine): Value {
  const { rt } = machine;
  const call = instance.cls.find("__call__");
  if (call instanceof PyFunction) return rt.call(bind(call, instance), args);
  if (instance.cls.kerasBase === undefined) return rt.unknown(`${instance.cls.name}(...)`, "is not a function");
  if (instance.keras instanceof KerasModel) return applyTo(instance.keras, args, machine);
  if (instance.keras === undefined) rt.problem(notComputed(instance.cls));
  return applyTo(layerOfInstance(instance, rt), args, machine);
}
