/**
 * Slips in what a layer computes, whatever layer it is: each changes operations of its program (a bias left out, another
 * activation, a direction, a merge). They know operations and names of options; the cells' equations have value-slips.ts.
 */
import { relu, sigmoid, tanh } from "../../equations/activations.ts";
import { apply, type Expr, fullName, type NamedFunction } from "../../equations/expr.ts";
import { familyOf } from "../../layers/family.ts";
import { concat, map, reduce } from "../../program/builder.ts";
import { type Operation, type ScanOperation, sourcesOf, type Value } from "../../program/program.ts";
import type { LayerRun } from "../by-hand.ts";
import { attentionSlips } from "./attention-slips.ts";
import type { ProgramChange } from "./rewrite-program.ts";
import type { Variant } from "./slip.ts";
import { changeEquations, equationVariants, functionsIn, withEquations } from "./value-slips.ts";

/** A slip as a change of the model's program. */
export interface LayerSlip extends Omit<Variant<ProgramChange>, "result"> {
  readonly layer: string;
  readonly change: ProgramChange;
}

/** Every slip in one call of a layer, the most plausible first. */
export function layerSlips(run: LayerRun): LayerSlip[] {
  const operations = operationsOf(run);
  const { layer } = run.call.call;
  return [
    ...weightSlips(operations, run),
    ...attentionSlips(operations, run),
    ...activationSlips(operations, run),
    ...poolingSlips(operations),
    ...cellSlips(run),
    ...directionSlips(operations, run),
    ...mergeSlips(run),
  ]
    .map((slip) => ({ ...slip, layer: layer.name }))
    .sort((a, b) => b.plausibility - a.plausibility);
}

type Slip = Omit<LayerSlip, "layer">;

/** The operations between a call's inputs and its outputs. */
export function operationsOf({ call }: LayerRun): ReadonlySet<Operation> {
  const given = [...call.inputs, ...call.initialStates, ...call.masks].map((value) => value?.operation);
  const stops = new Set(given.filter((operation) => operation !== undefined));
  const found = new Set<Operation>();
  const visit = ({ operation }: Value): void => {
    if (stops.has(operation) || found.has(operation)) return;
    found.add(operation);
    sourcesOf(operation).forEach(visit);
  };
  call.outputs.forEach(visit);
  return found;
}

/** Arrays outside cells: a bias as zeros, a kernel read by columns, a window turned round. */
function weightSlips(operations: ReadonlySet<Operation>, { call }: LayerRun): Slip[] {
  const windowed = new Set(
    familyOf(call.call.layer)
      .flatMap(({ ownArrays }) => ownArrays)
      .filter(({ spec: { shape } }) => shape.length === 3 && isWindow(shape[0]!))
      .map(({ variable }) => variable),
  );
  const inCells = new Set(
    [...operations]
      .flatMap((operation) => (operation.op === "scan" ? operation.arrays : []))
      .map((one) => one.operation),
  );
  return [...operations].flatMap((operation): Slip[] => {
    if (operation.op !== "weight" || inCells.has(operation)) return [];
    const { name, shape, data } = operation.variable;
    const as = (numbers: Float64Array): ProgramChange => ({
      value: (_, original) => (original.operation === operation ? numbers : undefined),
    });
    if (/bias|beta/.test(name)) {
      const detail = `The ${name} is added once to each sum.`;
      return [{ id: "bias-left-out", change: as(new Float64Array(data.length)), detail, plausibility: 0.65 }];
    }
    const [rows, columns] = shape as [number, number];
    if (shape.length === 2 && rows > 1 && columns > 1) {
      const numbers = Float64Array.from(data, (_, at) => data[(at % columns) * rows + Math.floor(at / columns)]!);
      const isTable = [...operations].some((one) => one.op === "gather" && one.table.operation === operation);
      const places = isTable ? "a row is the vector of an id" : "a row belongs to a feature, a column to a unit";
      const detail = `${name}[row, column]: ${places}.`;
      return [{ id: "kernel-read-by-columns", change: as(numbers), detail, plausibility: 0.5 }];
    }
    if (rows > 1 && windowed.has(operation.variable)) {
      const width = data.length / rows;
      const numbers = Float64Array.from(
        data,
        (_, at) => data[(rows - 1 - Math.floor(at / width)) * width + (at % width)]!,
      );
      const detail = "The first row of the kernel belongs to the first step of the window.";
      return [{ id: "window-reversed", change: as(numbers), detail, plausibility: 0.55 }];
    }
    return [];
  });
}

/** A window's steps, as convolutions word it. */
function isWindow({ node }: Expr): boolean {
  return node.op === "symbol" && /^(window|kernel) size$/.test(node.meaning);
}

/** Activations outside cells. */
function activationSlips(operations: ReadonlySet<Operation>, { call }: LayerRun): Slip[] {
  const { layer } = call.call;
  const maps = [...operations].filter((operation) => operation.op === "map");
  const used = functionsIn(maps.map(({ body }) => body)).map(fullName);
  const withFunction = (name: string, other: NamedFunction | undefined): ProgramChange => ({
    operation: (changed, original) => {
      if (changed.op !== "map" || !operations.has(original)) return undefined;
      const body = changeEquations({ named: new Map([["", changed.body]]) }, ({ node }) => {
        if (node.op !== "apply" || fullName(node.fn) !== name) return undefined;
        return other === undefined ? node.argument : apply(other, node.argument);
      }).get("")!; // the one that went in
      return body === changed.body ? undefined : { ...changed, body };
    },
  });
  const others = [tanh, sigmoid, relu];
  const slips = used.flatMap((name): Slip[] => [
    {
      id: "activation-forgotten",
      change: withFunction(name, undefined),
      detail: `${name} is still to be taken of the sum.`,
      plausibility: 0.6,
    },
    ...others
      .filter((fn) => fn.name !== name)
      .map(
        (fn): Slip => ({
          id: "another-activation",
          change: withFunction(name, fn),
          detail: `${name} belongs where ${fn.name} was used.`,
          plausibility: 0.5,
        }),
      ),
  ]);
  if (layer.config.activation !== "linear" || layer.type.cell !== undefined) return slips;
  const [output] = call.outputs;
  return others.map(
    (fn): Slip => ({
      id: "another-activation",
      change: {
        value: (changed, original) => (original === output ? map([changed], ([sum]) => apply(fn, sum!)) : undefined),
      },
      detail: `${layer.name} has no activation; ${fn.name} was taken of its sum.`,
      plausibility: 0.45,
    }),
  );
}

/** A maximum over timesteps or a window taken for its mean. */
function poolingSlips(operations: ReadonlySet<Operation>): Slip[] {
  return [...operations].flatMap((operation): Slip[] => {
    if (operation.op !== "reduce" || operation.kind !== "max") return [];
    const { source, axes } = operation;
    const count = axes.reduce((product, axis) => product * source.shape[axis]!, 1);
    const change: ProgramChange = {
      value: (changed, original) => {
        if (original.operation !== operation || changed.operation.op !== "reduce") return undefined;
        return map([reduce("sum", changed.operation.source, axes)], ([sum]) => sum!.over(count));
      },
    };
    return [
      {
        id: "maximum-and-mean",
        change,
        detail: "The largest of the steps counts, not their mean.",
        plausibility: 0.55,
      },
    ];
  });
}

/** Slips in the equations of a cell, in every timestep. */
function cellSlips({ call, scans }: LayerRun): Slip[] {
  const layers = familyOf(call.call.layer);
  return scans.flatMap(({ scan, name }) => {
    const owner = layers.find((one) => one.name === name) ?? call.call.layer;
    return equationVariants(owner, scan.cell).map((variant): Slip => {
      const { id, plausibility } = variant;
      const detail = layers.length > 1 ? `${name}: ${variant.detail}` : variant.detail;
      const change: ProgramChange = {
        operation: (changed, original) =>
          original === scan && changed.op === "scan"
            ? { ...changed, cell: withEquations(scan.cell, variant.result) }
            : undefined,
      };
      return { id, plausibility, detail, change };
    });
  });
}

function changedScan(scan: ScanOperation, change: Partial<ScanOperation>): ProgramChange {
  return {
    operation: (changed, original) =>
      original === scan && changed.op === "scan" ? { ...changed, ...change } : undefined,
  };
}

function directionSlips(operations: ReadonlySet<Operation>, { scans }: LayerRun): Slip[] {
  const backwards = scans.filter(({ scan }) => scan.backwards);
  return backwards.flatMap(({ scan, name }): Slip[] => {
    const turned = [...operations].find((operation) => operation.op === "view" && operation.source.operation === scan);
    const detail = `${name} begins with the last timestep and ends with the first.`;
    const read: Slip = {
      id: "read-other-way",
      change: changedScan(scan, { backwards: false }),
      detail,
      plausibility: 0.7,
    };
    if (turned === undefined || !scan.returnSequences) return [read];
    return [
      read,
      {
        id: "backward-not-turned",
        change: {
          value: (changed, original) =>
            original.operation === turned && changed.operation.op === "view" ? changed.operation.source : undefined,
        },
        detail: "Step t pairs both directions at t, so the backward sequence is turned round first.",
        plausibility: 0.65,
      },
    ];
  });
}

/** What Bidirectional makes of its two outputs; the shape stays, so that a joined one repeats itself. */
function mergeSlips({ call }: LayerRun): Slip[] {
  const { config, children } = call.call.layer;
  const [output] = call.outputs;
  if (config.mergeMode === undefined || children.length !== 2 || output === undefined) return [];
  const { operation } = output;
  const isJoined = operation.op === "concat";
  const parts = isJoined ? operation.sources : operation.op === "map" ? operation.operands : [];
  if (parts.length !== 2) return [];
  const instead = (make: (forward: Value, backward: Value) => Value): ProgramChange => ({
    value: (changed, original) => {
      if (original !== output) return undefined;
      const [forward, backward] = sourcesOf(changed.operation) as [Value, Value]; // as many as before
      return make(forward, backward);
    },
  });
  const ways = {
    sum: (a: Value, b: Value) => map([a, b], ([x, y]) => x!.plus(y!)),
    ave: (a: Value, b: Value) => map([a, b], ([x, y]) => x!.plus(y!).over(2)),
    mul: (a: Value, b: Value) => map([a, b], ([x, y]) => x!.times(y!)),
  };
  const axis = output.shape.length - 1;
  const twice = (value: Value): Value => (isJoined ? concat([value, value], axis) : value);
  const merges = Object.entries(ways)
    .filter(([mode]) => mode !== config.mergeMode)
    .map(([mode, way]): Slip => {
      const detail = `merge_mode is ${config.mergeMode}, not ${mode}.`;
      return { id: "another-merge", change: instead((a, b) => twice(way(a, b))), detail, plausibility: 0.6 };
    });
  if (isJoined) {
    const detail = "The forward units come first, then the backward ones.";
    return [
      ...merges,
      { id: "directions-swapped", change: instead((a, b) => concat([b, a], axis)), detail, plausibility: 0.6 },
    ];
  }
  return [
    ...merges,
    {
      id: "one-direction",
      change: instead((a) => map([a], ([x]) => x!.times(1))),
      detail: "Both directions make the output.",
      plausibility: 0.65,
    },
  ];
}
