/** Layers that read in both directions: which two runs belong together, and what comes of them. */
import type { ByHand, LayerRun, ScanRun } from "unroll/explain/by-hand.ts";
import type { PairView } from "./protocol.ts";

const merges = ["concat", "sum", "mul", "ave"] as const;

/** @param scans those that the page has as runs, in their order */
export function pairsOf(layers: readonly LayerRun[], scans: readonly ScanRun[], hand: ByHand): PairView[] {
  return layers.flatMap(({ call, scans: own }): PairView[] => {
    const { layer } = call.call;
    const runs = own.map((one) => scans.indexOf(one));
    const [output] = call.outputs;
    if (layer.className !== "Bidirectional" || runs.length !== 2 || runs.includes(-1) || output === undefined)
      return [];
    return [
      {
        layer: layer.name,
        merge: merges.find((one) => one === layer.config.mergeMode),
        runs: [runs[0]!, runs[1]!],
        output: Float64Array.from(hand.valueOf(output)),
        width: output.shape.at(-1)!,
        sequences: output.shape.length === 3,
      },
    ];
  });
}
