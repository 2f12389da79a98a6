/** The model as a file, as code and as formulas to take away. */
import { derivationToLatex, explainModel, type Model, UnrollError } from "./library.ts";
import type { CodeLanguage, FileFormat } from "./protocol.ts";

/** Weights that code holds in itself; more make a file that no editor likes. */
const mostInline = 20_000;
/** Timesteps of loops whose model leaves them open. */
const openTimesteps = 30;

export async function bytesOf(model: Model, format: FileFormat): Promise<Uint8Array> {
  return (await import("unroll/formats/save.ts")).modelToBytes(model, format);
}

/** @throws UnrollError `memory` for a loop with more weights than code should hold */
export async function codeOf(model: Model, language: CodeLanguage): Promise<string> {
  if (language === "keras") return (await import("unroll/formats/code-keras.ts")).toKerasPython(model);
  if (language === "unroll") return (await import("unroll/formats/code-unroll.ts")).toTypeScript(model);
  const weights = model.countParams();
  if (weights > mostInline) {
    throw new UnrollError({
      code: "memory",
      path: model.name,
      expected: `code that holds its weights may have up to ${mostInline.toLocaleString("en-US")}`,
      received: `${weights.toLocaleString("en-US")} weights`,
      hint: "Take the Keras code and a file of weights.",
    });
  }
  const isOpen = model.inputs.some(({ shape }) => shape.slice(1).includes(null));
  const options = isOpen ? { timesteps: openTimesteps } : {};
  if (language === "numpy") return (await import("unroll/formats/code-numpy.ts")).toNumpy(model, options);
  return (await import("unroll/formats/code-plain.ts")).toPlainTypeScript(model, options);
}

export async function formulasOf(
  model: Model,
  layer: string,
): Promise<{ latex: string; mathml: string; text: string }> {
  const { derivationToMathML, derivationToText } = await import("unroll/equations/derivation-output.ts");
  const explanation = explainModel(model);
  const derivation = explanation.layers.find(({ name }) => name === layer)?.count ?? explanation.total;
  return {
    latex: derivationToLatex(derivation),
    mathml: derivationToMathML(derivation),
    text: derivationToText(derivation, { parts: false }),
  };
}
