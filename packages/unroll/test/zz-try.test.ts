import { it } from "vitest";
import { explainModel } from "../src/explain/explain.ts";
import { modelFromConfig } from "../src/formats/keras-model.ts";
import { modelCases } from "./fixture-models.ts";
it("x", () => {
  for (const one of modelCases()) {
    const e = explainModel(modelFromConfig(one.config));
    const layers = e.layers.map((l) => [l.name, l.count.result]);
    const want = one.layers.map((l) => [l.name, l.params]);
    if (e.total.result !== one.params.total || JSON.stringify(layers) !== JSON.stringify(want)) console.log("WRONG", one.id, e.total.result, one.params.total, layers, want);
    const f = process.env.FORMAT ?? "toText";
    if (!process.env.ONLY || !new RegExp(process.env.ONLY).test(one.id)) continue;
    console.log((e as any)[f]());
  }
});
