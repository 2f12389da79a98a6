/**
 * The least time that a prediction of each workload can take on one core: its products at the limit of multiply-adds, and its
 * sigmoids and hyperbolic tangents at the rate that they have alone. Sums, copies and waiting count as nothing.
 */
import { inOrder } from "../packages/unroll/src/equations/expr.ts";
import type { Layer, Sequential } from "./library.ts";
import { buildModel, productFlops, type Workload, workloads } from "./workloads.ts";

/** What one core does in a nanosecond. */
export interface Rates {
  readonly flops: number;
  readonly sigmoid: number;
  readonly tanh: number;
}

export interface Floor {
  readonly id: string;
  /** Calls of one prediction of the whole batch. */
  readonly sigmoids: number;
  readonly tanhs: number;
  /** ms */
  readonly products: number;
  /** ms */
  readonly functions: number;
}

export function floorsOf(rates: Rates): Floor[] {
  return workloads.map((workload) => {
    const net = buildModel(workload);
    const { sigmoid: sigmoids, tanh: tanhs } = functionCalls(net, workload);
    return {
      id: workload.id,
      sigmoids,
      tanhs,
      products: productFlops(net, workload) / rates.flops / 1e6,
      functions: (sigmoids / rates.sigmoid + tanhs / rates.tanh) / 1e6,
    };
  });
}

type Calls = Readonly<Record<"sigmoid" | "tanh", number>>;

/** Sigmoids and tangents in the cells of all layers: each is of a row of units, for every example and timestep. */
function functionCalls(net: Sequential, { batch, timesteps }: Workload): Calls {
  let [before, sigmoid, tanh] = [timesteps, 0, 0];
  for (const layer of net.layers) {
    const shape = layer.outputShape as readonly number[]; // of layers with one output
    const after = shape.length === 3 ? shape[1]! : 1;
    const steps = shape.length === 3 ? after : before;
    for (const cell of [layer, ...layer.children]) {
      const calls = callsOfStep(cell);
      sigmoid += batch * steps * calls.sigmoid;
      tanh += batch * steps * calls.tanh;
    }
    before = after;
  }
  return { sigmoid, tanh };
}

/** Of one example and timestep. */
function callsOfStep({ type, config }: Layer): Calls {
  const graph = type.cell?.(config);
  if (graph === undefined) return { sigmoid: 0, tanh: 0 };
  const { units } = config as { readonly units: number }; // every cell's layer has them
  const ops = inOrder(
    graph.states.map(({ next }) => next),
    { bodies: true },
  ).map(({ node }) => node.op);
  const rows = (name: string): number => units * ops.filter((op) => op === name).length;
  return { sigmoid: rows("sigmoid"), tanh: rows("tanh") };
}
