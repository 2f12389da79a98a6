/** A model as TypeScript that builds it with this library. */
import { layers } from "../layers/index.ts";
import type { Model } from "../model/model.ts";
import { besideTypeScript } from "./code-beside.ts";
import {
  type CodeWeights,
  isFunction,
  isSpec,
  type Language,
  type ModelCodeOptions,
  ModelCodeWriter,
  oneOrList,
  plain,
  refusal,
  refuseUnknown,
} from "./code-model.ts";
import { bracketed, layOut, nestedNumbers, prefixed, suffixed } from "./code-text.ts";

/**
 * TypeScript that builds the model with this library, and exports it as `model`.
 *
 * @throws UnrollError `unbuilt`; `unsupported` for a layer or a function of the user's own.
 * @example toTypeScript(net) // import { input, layers, sequential } from "unroll"; ...
 */
export function toTypeScript(model: Model, { weights = "none" }: ModelCodeOptions = {}): string {
  const body = new ModelCodeWriter(typeScript).write(model);
  const used = ["input", "layers", "model", "sequential"].filter((name) =>
    new RegExp(`\\b${name === "model" ? "functional" : name}[(.]`).test(body),
  );
  const names = used.map((name) => (name === "model" ? "model as functional" : name)).join(", ");
  const file = typeof weights === "object" ? 'import { readFileSync } from "node:fs";\n' : "";
  return `${file}import { ${names} } from "unroll";\n\n${body.replace(/^const model = /m, "export const model = ")}${typeScriptWeights(model, weights)}`;
}

function typeScriptWeights(model: Model, weights: CodeWeights): string {
  if (weights === "none") return "";
  if (weights !== "inline") {
    return `model.setWeights(JSON.parse(readFileSync(${besideTypeScript(weights.file)}, "utf8")));\n`;
  }
  const arrays = model.variables.map(({ shape, data }) => nestedNumbers(shape, data));
  return `model.setWeights(${layOut(bracketed("[", arrays, "]"), "  ")});\n`;
}

const factoryNames: ReadonlyMap<string, string> = new Map(
  Object.keys(layers).map((name) => [name.toLowerCase(), name]),
);

const typeScript: Language = {
  indent: "  ",
  isKeras: false,
  explicit: [],
  leavesName: () => false,
  checkCall: () => undefined,
  reserved: [
    ...["break", "case", "catch", "class", "const", "continue", "debugger", "default", "delete", "do", "else", "enum"],
    ...["export", "extends", "false", "finally", "for", "function", "if", "import", "in", "instanceof", "new", "null"],
    ...["return", "super", "switch", "this", "throw", "true", "try", "typeof", "var", "void", "while", "with", "let"],
    ...["await", "yield", "static", "arguments", "eval", "input", "layers", "functional", "sequential", "readFileSync"],
  ],
  value: (field, value, layer) => {
    if (isFunction(value)) {
      throw refusal(
        layer,
        `the function ${value.name} is the user's own, and its code is not known`,
        "Use a named activation.",
      );
    }
    if (isSpec(value)) {
      const own = Object.entries(value.config).map(([key, entry]) => `${key}: ${JSON.stringify(entry)}`);
      return bracketed("{", [`className: ${JSON.stringify(value.className)}`, bracketed("config: {", own, "}")], "}");
    }
    return JSON.stringify(plain(field, value)).replaceAll(",", ", ");
  },
  option: (name, value) => prefixed(`${name}: `, value),
  layer(layer, options) {
    refuseUnknown(layer, "This library");
    return bracketed(`layers.${factoryNames.get(layer.className.toLowerCase())}({`, options, "})");
  },
  list: (parts) => bracketed("[", parts, "]"),
  input(layer) {
    const [batch, ...rest] = layer.config.batchShape as readonly (number | null)[]; // as every input layer has it
    const sizes = (list: readonly (number | null)[]): string => `[${list.map(String).join(", ")}]`;
    const shape = batch === null ? `shape: ${sizes(rest)}` : `batchShape: ${sizes([batch!, ...rest])}`;
    const dtype = layer.config.dtype === "int32" ? ['dtype: "int32"'] : [];
    return bracketed("input({", [shape, ...dtype, `name: ${JSON.stringify(layer.name)}`], "})");
  },
  sequential: (model, parts) =>
    bracketed(
      "sequential({",
      [prefixed("layers: ", bracketed("[", parts, "]")), `name: ${JSON.stringify(model.name)}`],
      "})",
    ),
  functional: (model, inputs, outputs) =>
    bracketed(
      "functional({",
      [`inputs: ${oneOrList(inputs)}`, `outputs: ${oneOrList(outputs)}`, `name: ${JSON.stringify(model.name)}`],
      "})",
    ),
  call(layer, call, inputs, states) {
    const options = [
      ...(states.length === 0 ? [] : [`initialState: [${states.join(", ")}]`]),
      ...(call.training === undefined ? [] : [`training: ${call.training}`]),
    ];
    const more = options.length === 0 ? "" : `, { ${options.join(", ")} }`;
    return suffixed(layer, `.apply(${oneOrList(inputs)}${more})`);
  },
  assign: (names, value) =>
    suffixed(prefixed(`const ${names.length === 1 ? names[0] : `[${names.join(", ")}]`} = `, value), ";"),
  freeze: (model) => `${model}.trainable = false;`,
};
