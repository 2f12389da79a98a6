/**
 * A model's program for a batch of any size: programs fix every size, so it is written for two sizes and what differs is the
 * batch's. Writers that leave the batch open use this; it knows no format.
 */
import { UnrollError } from "../core/errors.ts";
import type { Model, ModelProgram } from "../model/model.ts";
import { type Value, valuesInOrder } from "../program/program.ts";

/** A size that is known, or so many times the batch. */
export type BatchedSize = number | { readonly perExample: number };

export interface BatchedProgram extends ModelProgram {
  /** The batch size, where it is fixed. */
  readonly batch: number | undefined;
  /** Sizes of a value's axes, some of them multiples of the batch. */
  sizesOf(value: Value): readonly BatchedSize[];
}

export interface BatchOptions {
  /** Fixes the batch; by default it stays open unless the model's input declares one. */
  readonly batch?: number | undefined;
  /** Stands for every unknown size behind the batch. */
  readonly timesteps?: number | undefined;
}

/** Two sizes of which none divides the other, and none is 1, which would broadcast. */
const trialBatches = [2, 3] as const;

/**
 * The forward pass of a model, with the batch left open where that can be.
 *
 * @throws UnrollError `shape` when sizes are unknown, `unsupported` when the layout depends on the batch size.
 */
export function programForAnyBatch(model: Model, { batch, timesteps }: BatchOptions = {}): BatchedProgram {
  const sizes = timesteps === undefined ? {} : { timesteps };
  const declared = model.inputs.map(({ shape }) => shape[0]).find((size) => size !== null);
  const fixed = batch ?? declared;
  if (fixed !== undefined) {
    return { ...model.program({ batch: fixed, ...sizes }), batch: fixed, sizesOf: ({ shape }) => shape };
  }
  const [small, large] = trialBatches.map((trial) => model.program({ batch: trial, ...sizes })) as [
    ModelProgram,
    ModelProgram,
  ];
  const found = compare(small, large, model.name);
  return { ...small, batch: undefined, sizesOf: (value) => found.get(value) ?? value.shape };
}

function compare(small: ModelProgram, large: ModelProgram, path: string): Map<Value, readonly BatchedSize[]> {
  const [values, others] = [small, large].map(({ program }) =>
    valuesInOrder([...program.inputs, ...program.results, ...program.updates.map(({ value }) => value)]),
  ) as [Value[], Value[]];
  const sizes = new Map<Value, readonly BatchedSize[]>();
  const [batch, nextBatch] = trialBatches;
  for (const [index, value] of values.entries()) {
    const other = others[index]!;
    const shape = value.shape.map((size, axis): BatchedSize => {
      const perExample = other.shape[axis]! - size;
      if (perExample !== 0 && size !== perExample * batch) throw dependsOnBatch(path);
      return perExample === 0 ? size : { perExample: perExample / (nextBatch - batch) };
    });
    if (layoutOf(value) !== layoutOf(other)) throw dependsOnBatch(path);
    sizes.set(value, shape);
  }
  return sizes;
}

/** What must not change with the batch, as text. */
function layoutOf({ operation, shape }: Value): string {
  const placed = operation.op === "view" ? `${operation.strides} ${operation.offset}` : "";
  return `${operation.op} ${shape.length} ${placed}`;
}

function dependsOnBatch(path: string): UnrollError {
  return new UnrollError({
    code: "unsupported",
    path,
    expected: "the layout of some value depends on the batch size, so the batch cannot stay open",
    hint: "Give a fixed batch: { batch: 1 }.",
  });
}
