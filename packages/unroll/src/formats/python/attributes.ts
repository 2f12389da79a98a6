/** `object.name` for every kind of value. Only what is listed exists: there is no way from here to the host's objects. */

import { arrayMember } from "./array-members.ts";
import { bind } from "./bind.ts";
import { layerMember, modelMember, subclassMember, tensorMember } from "./keras-members.ts";
import type { Machine } from "./machine.ts";
import { nameOf } from "./operators.ts";
import { containerMember, textMember } from "./python-methods.ts";
import { extendLayer } from "./subclass.ts";
import {
  type CallArguments,
  isObject,
  NativeFunction,
  PyFunction,
  type PyInstance,
  type PySuper,
  type Value,
} from "./values.ts";

/** The attribute of a value; an unknown one where it is not followed. */
export function attributeOf(object: Value, name: string, machine: Machine): Value {
  const { rt } = machine;
  const known = knownAttribute(object, name, machine);
  if (known !== undefined) return known;
  if (isObject(object) && object.kind === "unknown") return object.part(`.${name}`, rt.at);
  return rt.unknown(`${nameOf(object)}.${name}`, `${name} of such a value is not followed`);
}

function knownAttribute(object: Value, name: string, machine: Machine): Value | undefined {
  if (typeof object === "string") return textMember(object, name, machine.rt);
  if (!isObject(object)) return undefined;
  switch (object.kind) {
    case "module":
      return machine.library(`${object.path}.${name}`);
    case "list":
    case "tuple":
    case "dict":
    case "set":
      return containerMember(object, name, machine.rt);
    case "array":
      return arrayMember(object, name, machine.rt);
    case "layer":
      return layerMember(object, name, machine);
    case "model":
      return modelMember(object, name, machine);
    case "tensor":
      return tensorMember(object, name, machine);
    case "keras-object":
      return object.config.get(name);
    case "keras-class":
      if (name === "__init__") return initOf(machine);
      return name === "__name__" ? object.name : undefined;
    case "function":
      return name === "__name__" ? object.name : undefined;
    case "class":
      return name === "__name__" ? object.name : object.find(name);
    case "instance":
      return instanceMember(object, name, machine);
    case "super":
      return superMember(object, name, machine);
    default:
      return undefined;
  }
}

function instanceMember(instance: PyInstance, name: string, machine: Machine): Value | undefined {
  const own = instance.members.get(name);
  if (own !== undefined) return own;
  const shared = instance.cls.find(name);
  if (shared instanceof PyFunction) {
    const method = bind(shared, instance);
    return method.binding === "property"
      ? machine.rt.call(method, { positional: [], keywords: new Map(), at: machine.rt.at })
      : method;
  }
  if (shared !== undefined) return shared;
  if (name === "__class__") return instance.cls;
  return instance.cls.kerasBase === undefined ? undefined : subclassMember(instance, name, machine);
}

function superMember(above: PySuper, name: string, machine: Machine): Value | undefined {
  for (const base of above.above.bases) {
    const found = base.find(name);
    if (found !== undefined) return found instanceof PyFunction ? bind(found, above.instance) : found;
  }
  if (name === "__init__") {
    return new NativeFunction("__init__", (args) => initialize(above.instance, args, machine));
  }
  return above.above.kerasBase === undefined ? undefined : subclassMember(above.instance, name, machine);
}

/** `LSTM.__init__(self, units)`, as `super().__init__(units)` was written once. */
function initOf(machine: Machine): NativeFunction {
  return new NativeFunction("__init__", ({ positional: [self, ...positional], keywords, at }) => {
    const isInstance = isObject(self) && self.kind === "instance";
    return isInstance ? initialize(self, { positional, keywords, at }, machine) : null;
  });
}

/** What Keras's `__init__` does for an instance. */
function initialize(instance: PyInstance, args: CallArguments, machine: Machine): null {
  const given = args.keywords.get("name");
  if (typeof given === "string") instance.members.set("name", given);
  extendLayer(instance, args, machine);
  return null;
}
