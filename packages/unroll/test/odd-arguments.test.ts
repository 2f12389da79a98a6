import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { layerDifferences, type MeantDifference, runDifferences } from "./keras-differences.ts";
import { type Difference, layerDifference, oddArguments, runDifference } from "./odd-arguments.ts";

const odd = oddArguments();

/** Differences that nothing in the list explains, or more than one thing; and what in the list explains none. */
function unexplained(found: readonly (readonly [text: string, Difference])[], list: readonly MeantDifference[]) {
  const explaining = found.map(([text, { kind, ours }]) =>
    list.filter((one) => one.kind === kind && one.where.test(`${text} ${ours}`)),
  );
  return {
    differences: found.flatMap(([text, { kind, ours }], index) =>
      explaining[index]!.length === 1 ? [] : [`${text}: ${kind}: ${ours}`],
    ),
    unused: list.filter((one) => !explaining.flat().includes(one)).map(({ why }) => why),
  };
}

describe("odd arguments", () => {
  it("of layers are taken and refused as by Keras, with Keras's numbers, but for what is meant to differ", () => {
    const found = odd.layers.flatMap((one) => {
      const difference = layerDifference(one);
      return difference === undefined ? [] : [[`${one.layer} ${JSON.stringify(one.args)}`, difference] as const];
    });
    expect(unexplained(found, layerDifferences)).toEqual({ differences: [], unused: [] });
    expect(odd.layers.length - found.length).toBeGreaterThan(1000);
  });

  it("of fit, evaluate and predict likewise", async () => {
    const found: (readonly [string, Difference])[] = [];
    for (const one of odd.runs) {
      const difference = await runDifference(one);
      const { method, head, loss, metrics, options } = one;
      const words = [method, head, loss, ...metrics, JSON.stringify(options)];
      if (difference !== undefined) found.push([words.join(" "), difference]);
    }
    expect(unexplained(found, runDifferences)).toEqual({ differences: [], unused: [] });
    expect(odd.runs.length - found.length).toBeGreaterThan(180);
  });

  it("that differ are told in docs/keras.md, with how many were tried", () => {
    const text = readFileSync(new URL("../../../docs/keras.md", import.meta.url), "utf8").replaceAll(/\s+/g, " ");
    for (const { why } of [...layerDifferences, ...runDifferences]) expect(text).toContain(why);
    expect(text).toContain(`${odd.layers.length.toLocaleString("en-US")} calls of layers`);
    expect(text).toContain(`${odd.runs.length} calls of \`fit\`, \`evaluate\` and \`predict\``);
    expect(text).toContain(`Keras ${odd.keras}`);
  });
});
