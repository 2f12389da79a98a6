/** Every model that a document builds, each beside the summary that is printed of it. */
import type { LoadedCode } from "unroll/formats/load.ts";
import { inUserWords } from "./failure.ts";
import { partialLayers } from "./partial-layers.ts";
import { printedOf, printedView } from "./printed.ts";
import type { FoundModelView } from "./protocol.ts";

/** Code that was read, and the text itself where tables may stand in it. */
export interface FoundCode extends LoadedCode {
  readonly text: string;
}

export function foundModels({ reading, models, text }: FoundCode): FoundModelView[] {
  return models.map(({ code, model: built, error }, at) => {
    const model = built?.hasGraph === true ? built : undefined;
    const table = printedOf(code, { text, at, models: models.length });
    const partial = model === undefined ? partialLayers(code) : [];
    return {
      place: reading.format === "ipynb" ? `cell ${code.cell}` : `line ${code.line}`,
      total: model?.countParams() ?? null,
      error: error === undefined ? "" : inUserWords(error).message,
      printed: table === undefined ? undefined : printedView(table, model, partial, code),
      printedOnly: code.printedOnly === true,
    };
  });
}
