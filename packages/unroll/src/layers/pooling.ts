/** Pooling: the largest or the mean value of each window (MaxPooling1D ...) or of the whole axis (GlobalMaxPooling1D ...). */
import { constant, type Expr } from "../equations/expr.ts";
import { filled, map, reduce, reshape } from "../program/builder.ts";
import type { Value } from "../program/program.ts";
import { type Call, defineLayer, type LayerType } from "./contract.ts";
import * as fields from "./fields.ts";
import { dataFormat, padding } from "./window-fields.ts";
import {
  channelsBack,
  channelsLast,
  padFor,
  valueChannelsBack,
  valueChannelsLast,
  type Window,
  windowCounts,
  windowsOf,
} from "./windows.ts";

type Kind = "Max" | "Average";

function poolingFields(rank: number) {
  return {
    poolSize: fields.integers("Steps that a window sees.", rank, new Array<number>(rank).fill(2)),
    strides: fields.optionalIntegers("Steps from one window to the next; null = the window's size.", rank),
    padding: padding("valid: whole windows only; same: windows at the end may be cut.", ["valid", "same"]),
    dataFormat,
  };
}

type Config = fields.ConfigOf<ReturnType<typeof poolingFields>>;

function windowOf({ poolSize, strides, padding }: Config): Window {
  return { size: poolSize, strides: strides ?? poolSize, dilation: poolSize.map(() => 1), padding };
}

/* @__NO_SIDE_EFFECTS__ */
function pooling(kind: Kind, rank: number): LayerType<ReturnType<typeof poolingFields>> {
  return defineLayer({
    className: `${kind}Pooling${rank}D`,
    doc: kind === "Max" ? "The largest value of each window." : "The mean of each window.",
    fields: poolingFields(rank),
    inputRank: { min: rank + 2, max: rank + 2 },
    outputSizes(config, [input], _, name) {
      const [batch, ...rest] = channelsLast(input!, config.dataFormat) as [Expr, ...Expr[]];
      const counts = windowCounts(rest.slice(0, -1), windowOf(config), name, "poolSize");
      return [channelsBack([batch, ...counts, rest.at(-1)!], config.dataFormat)];
    },
    compute: ({ config, inputs }) => {
      const pooled = pool(kind, valueChannelsLast(inputs[0]!, config.dataFormat), windowOf(config));
      return { outputs: [valueChannelsBack(pooled, config.dataFormat)] };
    },
  });
}

function pool(kind: Kind, x: Value, window: Window): Value {
  if (kind === "Max") return overWindows("max", padFor(x, window, Number.NEGATIVE_INFINITY), window);
  const sums = overWindows("sum", padFor(x, window), window);
  if (window.padding === "valid") {
    const size = window.size.reduce((product, k) => product * k, 1);
    return map([sums], ([sum]) => sum!.over(size));
  }
  // Steps that padding adds do not count.
  const everyStep = filled([1, ...x.shape.slice(1, -1), 1], 1);
  return map([sums, overWindows("sum", padFor(everyStep, window), window)], ([sum, count]) => sum!.over(count!));
}

function overWindows(kind: "max" | "sum", padded: Value, window: Window): Value {
  const rank = window.size.length;
  const windows = windowsOf(padded, window);
  const reduced = reduce(
    kind,
    windows,
    window.size.map((_, axis) => rank + 1 + axis),
  );
  return reshape(reduced, [...windows.shape.slice(0, rank + 1), windows.shape.at(-1)!]);
}

const globalFields = {
  dataFormat,
  keepdims: fields.boolean("Keep the reduced axes, with size 1.", false),
};

/* @__NO_SIDE_EFFECTS__ */
function globalPooling(kind: Kind, rank: number): LayerType<typeof globalFields> {
  return defineLayer({
    className: `Global${kind}Pooling${rank}D`,
    doc: kind === "Max" ? "The largest value over all steps." : "The mean over all steps; masked steps do not count.",
    fields: globalFields,
    inputRank: { min: rank + 2, max: rank + 2 },
    outputSizes({ dataFormat, keepdims }, [input]) {
      const sizes = channelsLast(input!, dataFormat);
      const kept = keepdims ? new Array<Expr>(rank).fill(constant(1)) : [];
      return [channelsBack([sizes[0]!, ...kept, sizes.at(-1)!], keepdims ? dataFormat : "channels_last")];
    },
    compute: (call) => ({ outputs: [poolAll(kind, rank, call)] }),
  });
}

function poolAll(kind: Kind, rank: number, call: Call<fields.ConfigOf<typeof globalFields>>): Value {
  const { dataFormat, keepdims } = call.config;
  const x = valueChannelsLast(call.inputs[0]!, dataFormat);
  const axes = Array.from({ length: rank }, (_, axis) => axis + 1);
  const reduced = kind === "Max" ? reduce("max", x, axes) : mean(x, axes, rank === 1 ? call.masks[0] : undefined);
  return keepdims ? valueChannelsBack(reduced, dataFormat) : reshape(reduced, [x.shape[0]!, x.shape.at(-1)!]);
}

function mean(x: Value, axes: readonly number[], mask: Value | undefined): Value {
  if (mask === undefined) {
    const count = axes.reduce((product, axis) => product * x.shape[axis]!, 1);
    return map([reduce("sum", x, axes)], ([sum]) => sum!.over(count));
  }
  const steps = reshape(mask, [...mask.shape, 1]);
  const valid = map([x, steps], ([value, m]) => value!.times(m!));
  return map([reduce("sum", valid, axes), reduce("sum", steps, axes)], ([sum, count]) => sum!.over(count!));
}

export const maxPooling1d = pooling("Max", 1);
export const averagePooling1d = pooling("Average", 1);
export const maxPooling2d = pooling("Max", 2);
export const maxPooling3d = pooling("Max", 3);
export const averagePooling2d = pooling("Average", 2);
export const averagePooling3d = pooling("Average", 3);
export const globalMaxPooling1d = globalPooling("Max", 1);
export const globalAveragePooling1d = globalPooling("Average", 1);
export const globalMaxPooling2d = globalPooling("Max", 2);
export const globalMaxPooling3d = globalPooling("Max", 3);
export const globalAveragePooling2d = globalPooling("Average", 2);
export const globalAveragePooling3d = globalPooling("Average", 3);
