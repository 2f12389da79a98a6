/** What layers/ offers to those above it: every layer by name and by class, and how calls, names and seeds work. */
import { didYouMean, UnrollError } from "../core/errors.ts";
import type { LayerType } from "./contract.ts";
import "./engines.ts";
import * as factories from "./factories.ts";

/** Every layer type by Keras's class name. */
export const layerTypes: ReadonlyMap<string, LayerType> = new Map(
  Object.values(factories).map(({ type }) => [type.className, type as LayerType]), // whatever its options are
);

/**
 * Makes layers: `layers.lstm({ units: 4, returnSequences: true })`.
 *
 * @throws UnrollError `unknown-name` for a name in Keras's spelling, such as `layers.LSTM`
 */
export const layers: typeof factories = new Proxy(factories, {
  get(target, name) {
    if (typeof name === "string" && !(name in target)) checkSpelling(name);
    return Reflect.get(target, name);
  },
});

/** Of other names only what tools look for, such as `then`, is asked. */
function checkSpelling(name: string): void {
  const names = Object.keys(factories);
  const isClass = /^[A-Z]/.test(name);
  if (!isClass && !names.some((one) => one.toLowerCase() === name.toLowerCase())) return;
  const meant = Object.entries(factories).find(([, { type }]) => type.className === name)?.[0];
  throw new UnrollError({
    code: "unknown-name",
    path: "layers",
    expected: `there is no layer named ${name}`,
    hint:
      meant === undefined
        ? (didYouMean(name, names) ?? "Names begin with a small letter; docs/api.md has them all.")
        : `It is layers.${meant} here.`,
  });
}

export type { Call, ChildCall, LayerType, Result, Sizes, WeightSpec } from "./contract.ts";
export { defineLayer } from "./contract.ts";
export { maskOf } from "./eager.ts";
export { factory, type LayerFactory } from "./factory.ts";
export * as fields from "./fields.ts";
export { createInputLayer, type InputOptions, input, inputLayer, inputTensor } from "./input-layer.ts";
export { type ApplyOptions, type CommonOptions, Layer } from "./layer.ts";
export { automaticName, resetNames, snakeCase } from "./naming.ts";
export { recurrentLayer } from "./recurrent.ts";
export { setSeed } from "./seed.ts";
export { type LayerCall, recordCall, SymbolicTensor } from "./symbolic.ts";
export { setThreads } from "./threads.ts";
