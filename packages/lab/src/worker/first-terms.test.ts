import { expect, it } from "vitest";
import { mostTerms, termsOf, withFirstTerms } from "./first-terms.ts";
import type { OpenedNode, OpenedNow } from "./protocol.ts";

type Dot = Extract<OpenedNode, { kind: "dot" }>;

function dot(count: number): Dot {
  const terms = Array.from({ length: count }, (_, row) => ({
    factor: { kind: "name", name: "hPrev", unit: row, role: "state", value: row } as const,
    weight: { kind: "weight", name: "U_f", array: "recurrent_kernel", index: [row, 3], block: 1, value: 2 } as const,
    value: 2 * row,
  }));
  return { kind: "dot", name: "U_f", terms, value: count * (count - 1) };
}

/** σ(a short product + a long one). */
function opened(last: number): OpenedNow {
  const terms = [dot(5), dot(last)].map((of) => ({ negative: false, of }));
  const tree: OpenedNode = { kind: "call", fn: "σ", operands: [{ kind: "sum", terms, value: 7 }], value: 1 };
  return { name: "f", unit: 3, timestep: 0, value: 1, tree };
}

function dotsOf({ tree }: Pick<OpenedNow, "tree">): Dot[] {
  const sum = tree.kind === "call" ? tree.operands[0] : undefined;
  return sum?.kind === "sum" ? sum.terms.map(({ of }) => of as Dot) : []; // as made above
}

it("leaves the first terms of a long product, with how many there are and its value", () => {
  const [short, long] = dotsOf(withFirstTerms(opened(128)));
  expect([short!.terms.length, termsOf(short!)]).toEqual([5, 5]);
  expect([long!.terms.length, termsOf(long!), long!.value]).toEqual([mostTerms, 128, 128 * 127]);
  expect(long!.terms).toEqual(dot(128).terms.slice(0, mostTerms));
});

it("does the same with the numbers before the changes, and nothing where all are shown", () => {
  const [, was] = dotsOf(withFirstTerms({ ...opened(128), was: opened(20) }).was!);
  expect([was!.terms.length, termsOf(was!)]).toEqual([mostTerms, 20]);
  expect(withFirstTerms(opened(mostTerms))).toEqual(opened(mostTerms));
});
