import { it } from "vitest";
import { explainModel } from "../src/explain/explain.ts";
import { derivationToText, shapeDerivationToText } from "../src/equations/derivation-output.ts";
import { modelFromConfig } from "../src/formats/keras-model.ts";
import { modelCases } from "./fixture-models.ts";
import { toText } from "../src/equations/render.ts";
it("x", () => {
  for (const one of modelCases()) {
    if (!process.env.ONLY || !new RegExp(process.env.ONLY).test(one.id)) continue;
    const e = explainModel(modelFromConfig(one.config));
    console.log(one.id, e.total.result, one.params.total);
    const show = (l: any, d = "") => {
      console.log(`${d}${l.name} (${l.className}) <- ${JSON.stringify(l.inputs)}`);
      console.log(derivationToText(l.count));
      for (const o of l.outputs) console.log(shapeDerivationToText(o));
      if (l.equations) for (const q of l.equations.equations) console.log("   ", toText(q, l.equations.notation));
      console.log(l.remarks);
      for (const i of l.inside) show(i, d + "    ");
    };
    e.layers.forEach((l) => show(l));
  }
});
