/** `object[index]` of every kind of value, and giving a value to an item or attribute. */
import { indexArray, sliceItems } from "./array-shapes.ts";
import { lengthOf } from "./iterate.ts";
import { applyOpaque } from "./keras-apply.ts";
import { type KerasLayer, type KerasModel, orderGraph, SymbolicTensor } from "./keras-graph.ts";
import type { Machine } from "./machine.ts";
import { nameOf, reasonOf } from "./operators.ts";
import type { Runtime } from "./runtime.ts";
import { setOption } from "./subclass.ts";
import { asArray, shapeAfter } from "./tensor-shapes.ts";
import { ArrayValue, isObject, isUnknown, PyDict, PyList, PySlice, PyTuple, type Value } from "./values.ts";

/** `object[index]`. */
export function subscript(object: Value, index: Value, machine: Machine): Value {
  const { rt } = machine;
  if (object instanceof ArrayValue) return indexArray(object, index, rt);
  if (object instanceof SymbolicTensor) {
    const shape = shapeAfter(() => indexArray(asArray(object, rt) as ArrayValue, index, rt), rt);
    return applyOpaque("slicing", [object], machine, object.shape === undefined ? undefined : shape);
  }
  if (object instanceof PyDict) {
    const found = object.get(index);
    // What a dict filled from data holds at a key stands for many values.
    if (typeof found === "number" && object.open)
      return rt.unknown(`${object.label ?? "dict"}[${nameOf(index)}]`, "is in a dict filled from data");
    if (found !== undefined) return found;
    return rt.unknown(`${object.label ?? "dict"}[${nameOf(index)}]`, "is not in the dict as far as the code shows");
  }
  if (typeof object === "string" || object instanceof PyList || object instanceof PyTuple)
    return itemOf(object, index, machine);
  if (isUnknown(object)) {
    if (typeof index === "number" && object.prefix?.[index] !== undefined) return object.prefix[index];
    const text = isObject(index) && index.kind === "slice" ? sliceText(index) : nameOf(index);
    if (index instanceof PySlice || index instanceof PyTuple)
      return windowOf(object.part(`[${text}]`, rt.at), index, machine);
    return object.part(`[${text}]`, rt.at);
  }
  if (
    isObject(object) &&
    object.kind === "range" &&
    typeof index === "number" &&
    typeof object.start === "number" &&
    typeof object.step === "number"
  ) {
    if (index >= 0) return object.start + index * object.step;
    // From the end, as far as that is known.
    const length = lengthOf(object, rt);
    if (typeof length === "number") return object.start + (length + index) * object.step;
  }
  if (isObject(object) && object.kind === "instance") {
    const method = object.cls.find("__getitem__");
    if (method !== undefined)
      return rt.call(rt.attribute(object, "__getitem__"), { positional: [index], keywords: new Map(), at: rt.at });
  }
  return rt.unknown(`${nameOf(object)}[${nameOf(index)}]`, "is not followed");
}

function itemOf(object: string | PyList | PyTuple, index: Value, machine: Machine): Value {
  const { rt } = machine;
  const items = typeof object === "string" ? object : object.items;
  if (object instanceof PyList && object.open) {
    if (index instanceof PySlice) return rt.list([...object.items], true);
    const [example] = object.items;
    const stands = isObject(example) || typeof example === "string";
    return stands
      ? example
      : rt.unknown(`${object.label ?? "list"}[${nameOf(index)}]`, "is in a list filled from data");
  }
  if (typeof index === "number" || typeof index === "boolean") {
    const item = items.at(Number(index));
    return item === undefined ? rt.unknown(`[${index}]`, "is outside of the list") : item;
  }
  if (index instanceof PySlice) {
    const picked = typeof items === "string" ? sliceItems([...items], index) : sliceItems(items, index);
    if (picked !== undefined) {
      if (typeof object === "string") return picked.join("");
      return object instanceof PyList ? rt.list(picked as Value[]) : new PyTuple(picked as Value[]);
    }
    // A window of known length at an unknown place: any such part will do.
    return typeof object === "string"
      ? rt.unknown("text", "is a part of a text at a place that is not known")
      : windowOfItems(object, index, machine);
  }
  const first = items[0];
  const uniform = typeof object !== "string" && items.length > 0 && isObject(first as Value);
  return uniform ? (first as Value) : rt.unknown(`[${nameOf(index)}]`, reasonOf(index));
}

function windowOfItems(object: PyList | PyTuple, slice: PySlice, machine: Machine): Value {
  const shape = indexArray(new ArrayValue([machine.rt.unknown("length", "")]), slice, machine.rt);
  const length = shape instanceof ArrayValue ? shape.shape[0] : undefined;
  if (typeof length === "number" && length <= object.items.length)
    return machine.rt.list(object.items.slice(0, length));
  return machine.rt.list([...object.items], true);
}

/** A slice of unknown data: where its length is known all the same, an array with that first axis. */
function windowOf(part: Value, index: PySlice | PyTuple, machine: Machine): Value {
  const indices = index instanceof PyTuple ? index.items : [index];
  if (indices.some((item) => isObject(item) && item.kind === "ellipsis")) return part;
  const { rt } = machine;
  const axes = indices.map(() => rt.unknown("length", "is the length of data that the code does not show"));
  const window = indexArray(new ArrayValue(axes, undefined, true), index, rt);
  const known = window instanceof ArrayValue && window.shape.some((axis) => typeof axis === "number");
  return known ? window : part;
}

function sliceText(slice: PySlice): string {
  const text = (value: Value): string => (value === null ? "" : nameOf(value));
  return `${text(slice.start)}:${text(slice.stop)}${slice.step === null ? "" : `:${text(slice.step)}`}`;
}

/** `object.name = value`, where the object keeps it. */
export function assignAttribute(object: Value, name: string, value: Value, machine: Machine): void {
  if (!isObject(object)) return;
  if (object.kind === "instance") {
    object.members.set(name, machine.rt.named(name, value));
    if (name === "trainable" && typeof value === "boolean" && object.keras !== undefined)
      setTrainable(object.keras, value, machine.rt);
    setOption(object, name, value);
  } else if (object.kind === "class") object.members.set(name, value);
  else if (object.kind === "layer" || object.kind === "model") {
    if (name === "trainable" && typeof value === "boolean") setTrainable(object, value, machine.rt);
    // Keras 2 lets `_name` be set; `name` itself is read-only.
    if (name === "_name" && typeof value === "string") object.name = value;
    if (object.kind === "layer" && (name === "activation" || name === "return_sequences"))
      object.config.set(name, value);
  }
}

/** `object[index] = value`, where the object keeps it. */
export function assignItem(object: Value, index: Value, value: Value, { rt }: Machine): void {
  if (object instanceof PyDict) {
    if (isUnknown(index) || object.madeIn < rt.uncertain) object.open = true;
    object.set(index, value);
    rt.reserve(1);
  } else if (object instanceof PyList && typeof index === "number") {
    const at = index < 0 ? object.items.length + index : index;
    if (at >= 0 && at < object.items.length) object.items[at] = value;
  }
}

/** A model hands it on to all that it holds, as Keras does. */
function setTrainable(part: KerasLayer | KerasModel, trainable: boolean, rt: Runtime): void {
  rt.deeper(() => {
    rt.step();
    part.trainable = trainable;
    if (part.kind === "layer") return;
    const parts = part.family === "Sequential" ? part.layers : orderGraph(part.inputs, part.outputs).layers;
    for (const inner of parts) setTrainable(inner, trainable, rt);
  });
}
