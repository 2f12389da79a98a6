/** One layer of a model explained: what it has of all that the model has stands above it, in place of a total. */
import { escapeXml } from "../equations/printers.ts";
import { Explanation, type LayerExplanation } from "../explain/explanation.ts";
import { layerToHtml } from "../explain/explanation-html.ts";
import type { ExplanationJson } from "../explain/explanation-json.ts";
import { escaped as escapedLatex, layerToLatex } from "../explain/explanation-latex.ts";
import { escaped as escapedMarkdown, layerToMarkdown } from "../explain/explanation-markdown.ts";
import { layerToText, type TextOptions } from "../explain/explanation-text.ts";
import { count, plural, wrapText } from "../explain/lines.ts";

export class LayerOfModel extends Explanation {
  readonly #whole: Explanation;
  readonly #layer: LayerExplanation;

  /** @param name of a layer that the explanation has */
  constructor(whole: Explanation, name: string) {
    const layer = whole.layers.find((one) => one.name === name)!; // as said above
    super({ name: whole.name, layers: [layer], total: layer.count, nonTrainable: layer.nonTrainable });
    this.#whole = whole;
    this.#layer = layer;
  }

  /** `lstm of sequential: 24,832 of its 187,044 parameters, in 1 of its 5 layers` */
  get #head(): string {
    const { name, layers, total } = this.#whole;
    const own = `${this.#layer.name} of ${name}: ${count(this.total.result ?? 0)}`;
    return `${own} of its ${plural(total.result ?? 0, "parameter")}, in 1 of its ${plural(layers.length, "layer")}`;
  }

  override toText(options: TextOptions = {}): string {
    return `${wrapText(this.#head, options.width ?? 80)}\n\n${layerToText(this.#layer, options)}`;
  }

  override toMarkdown(): string {
    return `# ${escapedMarkdown(this.#head)}\n\n${layerToMarkdown(this.#layer)}\n`;
  }

  override toLatex(): string {
    return `${escapedLatex(this.#head)}.\n\n${layerToLatex(this.#layer)}\n`;
  }

  override toHtml(): string {
    return `<article class="explanation">\n<h1>${escapeXml(this.#head)}</h1>\n${layerToHtml(this.#layer)}\n</article>\n`;
  }

  override toJSON(): ExplanationJson & { readonly whole: { readonly layers: number; readonly params: number | null } } {
    const { layers, total } = this.#whole;
    return { ...super.toJSON(), whole: { layers: layers.length, params: total.result } };
  }
}
