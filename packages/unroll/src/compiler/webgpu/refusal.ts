/** What the GPU declines: it gives the reference's numbers or none. */
import type { Operation } from "../../program/program.ts";
import { operatorsWithoutWgsl } from "./wgsl-expressions.ts";

/** Why there is no kernel for this operation, in words that go behind "it needs", or undefined. */
export function gpuRefusal(operation: Operation): string | undefined {
  switch (operation.op) {
    case "random":
      return "random numbers";
    case "viewGradient":
    case "gatherGradient":
    case "scanGradient":
      return "gradients";
    case "constant":
      return Number.isNaN(operation.value) ? "not-a-number" : undefined;
    case "map":
      return inWords(operatorsWithoutWgsl([operation.body]));
    case "scan":
      return inWords(operatorsWithoutWgsl(operation.cell.states.map(({ next }) => next)));
    default:
      return undefined;
  }
}

const words: Readonly<Record<string, string>> = {
  pow: "powers that are not whole or half numbers",
  sin: "sines",
  cos: "cosines",
};

function inWords(missing: ReadonlySet<string>): string | undefined {
  return missing.size === 0 ? undefined : [...missing].map((name) => words[name] ?? name).join(" and ");
}
