/** The model that the page shows, with its seed and the user's changes: opens sources, and keeps what views are cut from. */
import type { Repair } from "unroll/explain/repairs/index.ts";
import type { CodeModel, ParsedSummary } from "unroll/formats/python/index.ts";
import { describeModel, shapesOf } from "./describe.ts";
import { inUserWords } from "./failure.ts";
import type { FoundCode } from "./found-models.ts";
import { type Model, setSeed, UnrollError } from "./library.ts";
import type {
  AuditView,
  FoundModelView,
  ModelChange,
  Opened,
  OpenRequest,
  Outline,
  PartialLayer,
  PrintedView,
  RepairView,
  Shape,
} from "./protocol.ts";
import { classesOf } from "./title.ts";

/** Timesteps that are traced of any model; of a small one more, as many as keep timesteps × weights below the bound. */
const longestTrace = 240;
const mostTraced = 2_000_000;
/** Timesteps of the copy on which a model is traced that declares too many. */
const shortTrace = 24;
/** Weights that are drawn before anybody asks for them: 80 MB. */
const mostDrawn = 20_000_000;
/** Earlier models that are kept. */
const mostBefore = 4;
/** Characters of text that is read; larger sources come as files. */
const longestText = 4_000_000;

/** What was opened last, also where it could not be built. */
interface Written {
  /** Keras's config. */
  config(): Promise<unknown>;
  readonly repairs: readonly Repair[];
  /** The code itself; undefined for files of models. */
  readonly code?: string | Uint8Array;
  /** What is printed beside the code. */
  readonly table?: ParsedSummary | undefined;
  /** All that the code builds. */
  readonly found?: FoundCode;
}

export class Session {
  model: Model | undefined;
  /** The model itself, or a copy with fewer timesteps. */
  traced: Model | undefined;
  shortened: number | undefined;
  hasWeights = false;
  /** Models that were open before this one, the latest last; a changed copy of one takes its place. */
  before: readonly Model[] = [];
  #written: Written | undefined;

  async open({ source, name, choose = 0, seed, set }: OpenRequest): Promise<Opened> {
    if (typeof source === "string" && source.length > longestText) {
      throw new UnrollError({
        code: "memory",
        path: "paste",
        expected: "pasted text may be up to 4 million characters",
        received: `${source.length} characters`,
        hint: "Drop it as a file.",
      });
    }
    const bytes = typeof source === "string" ? new TextEncoder().encode(source) : source;
    const file = name ?? nameFor(source);
    const { codeOf, load } = await import("unroll/formats/load.ts");
    const options = { name: file, ...(set === undefined ? {} : { set: typedIn(set) }) };
    setSeed(seed);
    const text = typeof source === "string" && source.includes("Layer (type)") ? source : "";
    let code = await codeOf(bytes, options);
    if (text !== "" && code?.reading.format === "python") {
      const { withoutTables } = await import("./printed.ts");
      code = await codeOf(new TextEncoder().encode(withoutTables(text)), options);
    }
    if (code === undefined) {
      const { ownCells } = await import("./own-cells.ts");
      const { model, hasWeights, report, kerasVersion } = await load(bytes, { ...options, customTypes: ownCells });
      this.#take(model, hasWeights);
      this.#written = { config: () => configOf(model), repairs: [] };
      const version = kerasVersion === undefined ? [] : [`written by Keras ${kerasVersion}`];
      const layers = `${model.layers.length} ${model.layers.length === 1 ? "layer" : "layers"}`;
      const read = report.read.map((one) => (one === "architecture" ? `architecture: ${layers}` : one));
      const entries = [
        ...[...version, ...read].map((text) => ({ text, isUsed: true })),
        ...report.ignored.map((text) => ({ text, isUsed: false })),
      ];
      return { ...nothing, names: [model.name], model: describeModel(model, hasWeights), report: entries };
    }
    const isNotebook = code.reading.format === "ipynb";
    const chosen = Math.min(choose, code.models.length - 1);
    const one = code.models[chosen];
    // Every model draws from the seed as if it were the only one, so that a link to one model needs no others.
    setSeed(seed);
    // Without an input nothing is built: no shape is known.
    const readsNothing = one?.model !== undefined && !one.model.hasGraph;
    const { model, refusal = one?.error } =
      one?.model === undefined || readsNothing ? { model: undefined } : await rebuiltOrWhyNot(one.model);
    if (model !== undefined) this.#take(model, false);
    const partial =
      one === undefined || model !== undefined ? [] : (await import("./partial-layers.ts")).partialLayers(one.code);
    const tables = { text, at: chosen, models: code.models.length };
    const { table, printed } = await printedBeside(one?.code, tables, model, partial);
    this.#written =
      one === undefined
        ? undefined
        : { config: async () => one.code.config, repairs: one.repairs, table, code: source, found: { ...code, text } };
    return {
      names: code.models.map(({ code: { name: own, line }, model: built }) =>
        built === undefined ? `${own} (line ${line})` : `${own}: ${classesOf(built)}`,
      ),
      chosen: Math.max(0, chosen),
      model: model === undefined ? undefined : describeModel(model, false),
      error:
        one === undefined
          ? "No Keras model was found. Paste code that builds one, such as model = Sequential([...])."
          : readsNothing
            ? "The code does not say what the model reads. Write the input shape above its layers, or add an Input to the code."
            : refusal === undefined
              ? undefined
              : (openSizes(refusal, one.code) ?? withoutHint(refusal, one.repairs.length > 0)),
      repairs: await repairViews(one?.repairs ?? []),
      partial,
      problems: code.reading.problems.map(({ cell, line, message }) => ({
        place: isNotebook ? `cell ${cell}, line ${line}` : `line ${line}`,
        message,
      })),
      unknowns: givable(one?.code).map(({ name: variable, reason, line, value }) => ({
        name: variable,
        reason,
        line,
        value: value === undefined ? undefined : String(value),
      })),
      report: [],
      printed,
    };
  }

  /** Every model of the code, beside what is printed of it. */
  async found(): Promise<readonly FoundModelView[]> {
    const found = this.#written?.found;
    return found === undefined ? [] : (await import("./found-models.ts")).foundModels(found);
  }

  /** What the code's arithmetic, comments and prose say about its models, checked. */
  async audit(): Promise<AuditView> {
    const code = this.#written?.code;
    return code === undefined ? { findings: [], confirmed: 0 } : (await import("./auditing.ts")).auditOf(code);
  }

  /** A printed summary beside the open model; undefined for text without one. */
  async printed(text: string): Promise<PrintedView | undefined> {
    const model = this.need();
    return (await printedBeside(undefined, { text, at: 0, models: 1 }, model, [])).printed;
  }

  /** What can be changed about what was opened last. */
  async outline(): Promise<Outline | undefined> {
    const { isConfig, outlineOf } = await import("./editing.ts");
    const config = await this.#written?.config();
    return isConfig(config) ? outlineOf(config) : undefined;
  }

  /** The code of what was opened last, after a change. */
  async changed(change: ModelChange): Promise<string> {
    const { changedCode, isConfig } = await import("./editing.ts");
    const config = await this.#written?.config();
    if (!isConfig(config)) throw nothingOpen();
    return this.#withTable(changedCode(config, change));
  }

  async repaired(index: number): Promise<string> {
    const { isConfig, repairedCode } = await import("./editing.ts");
    const config = await this.#written?.config();
    const repair = this.#written?.repairs[index];
    if (!isConfig(config) || repair === undefined) throw nothingOpen();
    return this.#withTable(repairedCode(config, repair));
  }

  /** Changed code keeps the table that it is compared with. */
  async #withTable(code: string): Promise<string> {
    const table = this.#written?.table;
    return table === undefined ? code : (await import("./printed.ts")).withTable(code, table);
  }

  /**
   * The open model as a `.keras` file with the weights of a file that has nothing else; undefined where the file is a model itself.
   *
   * @throws UnrollError `usage` where no model is open, `weights` where they do not fit it
   */
  async withWeights(bytes: Uint8Array, name: string): Promise<Uint8Array | undefined> {
    const { openModelFile } = await import("unroll/formats/open.ts");
    if ((await openModelFile(bytes, { name })).architecture !== undefined) return undefined;
    if (this.model === undefined) {
      throw new UnrollError({
        code: "usage",
        path: name,
        expected: "the file holds weights without the layers that they belong to, and no model is open",
        hint: "Open the model first, as code, JSON or a file; then drop the weights again.",
      });
    }
    const { loadWeights } = await import("unroll/formats/load.ts");
    // On a copy: what is open keeps its own where these do not fit.
    const copy = await rebuilt(this.model);
    await loadWeights(copy, { [name]: bytes });
    return (await import("unroll/formats/save.ts")).modelToBytes(copy, "keras");
  }

  /** Shapes and the total for another number of timesteps. */
  async recount(timesteps: number): Promise<{ total: number; shapes: readonly Shape[] }> {
    const copy = await withTimesteps(this.need(), timesteps);
    return { total: copy.countParams(), shapes: shapesOf(copy) };
  }

  /** Weights are drawn when they are first read; here at once, before other models draw from the seed. */
  drawWeights(): void {
    if (this.model !== undefined && this.model.countParams() <= mostDrawn) this.model.getWeights();
  }

  need(): Model {
    if (this.model !== undefined) return this.model;
    throw nothingOpen();
  }

  async prepareTrace(): Promise<Model> {
    const model = this.need();
    if (this.traced !== undefined) return this.traced;
    const declared = model.inputs[0]!.shape[1];
    const isLong = model.inputs[0]!.shape.length === 3 && typeof declared === "number" && isTooLong(model, declared);
    this.shortened = isLong ? shortTrace : undefined;
    this.traced = isLong ? await withTimesteps(model, shortTrace) : model;
    if (isLong) this.traced.setWeights(model.getWeights());
    return this.traced;
  }

  /** A copy with fewer timesteps is made anew when it is next traced. */
  weightsChanged(): void {
    if (this.traced !== this.model) this.traced = undefined;
  }

  #take(model: Model, hasWeights: boolean): void {
    if (this.model !== undefined && kindsOf(this.model) !== kindsOf(model)) {
      this.before = [...this.before, this.model].slice(-mostBefore);
    }
    this.model = model;
    this.hasWeights = hasWeights;
    this.traced = undefined;
    this.shortened = undefined;
  }
}

function isTooLong(model: Model, timesteps: number): boolean {
  return timesteps > longestTrace && timesteps * model.countParams() > mostTraced;
}

/** The classes of its layers: what stays while a model's options are changed. */
function kindsOf(model: Model): string {
  return model.layers.map(({ className }) => className).join(" ");
}

const nothing = {
  chosen: 0,
  error: undefined,
  repairs: [],
  partial: [],
  problems: [],
  unknowns: [],
  report: [],
  printed: undefined,
} as const;

/** The summary that stands beside code, and its lines beside the model's. */
async function printedBeside(
  code: CodeModel | undefined,
  tables: { readonly text: string; readonly at: number; readonly models: number },
  model: Model | undefined,
  partial: readonly PartialLayer[],
): Promise<{ readonly table?: ParsedSummary; readonly printed: PrintedView | undefined }> {
  if (code?.printedSummary === undefined && tables.text === "") return { printed: undefined };
  const { printedOf, printedView } = await import("./printed.ts");
  const table = printedOf(code, tables);
  return table === undefined ? { printed: undefined } : { table, printed: printedView(table, model, partial, code) };
}

function nothingOpen(): UnrollError {
  return new UnrollError({
    code: "usage",
    path: "lab",
    expected: "a model must be open",
    hint: "Paste Keras code or choose an example.",
  });
}

/** What was written into boxes: numbers where they are numbers, and nothing for boxes left empty. */
function typedIn(set: Readonly<Record<string, number | string>>): Record<string, number | string> {
  const typed: Record<string, number | string> = {};
  for (const [name, value] of Object.entries(set)) {
    const text = String(value).trim();
    if (text !== "") typed[name] = Number.isFinite(Number(text)) ? Number(text) : text;
  }
  return typed;
}

/** What cannot be read at all has no place for a value; its line says so. */
function givable(code: CodeModel | undefined): CodeModel["unknowns"] {
  return (code?.unknowns ?? []).filter(({ name }) => name !== "a syntax error");
}

/** An option that is missing because the code does not tell it is no mistake: it can be given. */
function openSizes({ code, message }: UnrollError, model: CodeModel): string | undefined {
  const unknowns = givable(model);
  if (code !== "option" || !message.includes("needs the option") || unknowns.length === 0) return undefined;
  const names = unknowns.map(({ name }) => name);
  const listed = [names.slice(0, -1).join(", "), names.at(-1)].filter((one) => one !== "").join(" and ");
  return `The code does not tell ${listed}. Give ${names.length === 1 ? "it" : "them"} below, or in the code.`;
}

/** Where the repairs stand beside the error, its hint would say them twice. */
function withoutHint(error: UnrollError, isShown: boolean): string {
  const { message, hint } = inUserWords(error);
  return isShown && hint !== undefined && message.endsWith(hint) ? message.slice(0, -hint.length).trimEnd() : message;
}

async function repairViews(repairs: readonly Repair[]): Promise<RepairView[]> {
  if (repairs.length === 0) return [];
  const { kerasSpelling } = await import("unroll/formats/keras-blueprint.ts");
  const { editsToText } = await import("unroll/explain/repairs/repair-text.ts");
  return repairs.map(({ edits, totalParams }) => ({ text: editsToText(edits, kerasSpelling), total: totalParams }));
}

/** Text tells what it is by its first characters; bytes are told by the library. */
function nameFor(source: string | Uint8Array): string {
  if (typeof source !== "string") return "file";
  if (!source.trimStart().startsWith("{")) return "pasted.py";
  return source.includes('"cells"') ? "pasted.ipynb" : "pasted.json";
}

/** A copy with weights of its own. */
export async function rebuilt(model: Model): Promise<Model> {
  return fromConfig(await configOf(model));
}

/** What cannot be written into a config, such as a Lambda, cannot be drawn anew: its refusal in place of the model. */
async function rebuiltOrWhyNot(
  model: Model,
): Promise<{ readonly model?: Model; readonly refusal?: UnrollError | undefined }> {
  try {
    return { model: await rebuilt(model) };
  } catch (refusal) {
    if (!(refusal instanceof UnrollError)) throw refusal;
    return { refusal };
  }
}

async function withTimesteps(model: Model, timesteps: number): Promise<Model> {
  const config = await configOf(model);
  const change = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(change);
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, entry]) => {
        const isShape = (key === "batch_shape" || key === "batch_input_shape") && Array.isArray(entry);
        return [key, isShape && entry.length === 3 ? [entry[0], timesteps, entry[2]] : change(entry)];
      }),
    );
  };
  return fromConfig(change(config));
}

async function configOf(model: Model): Promise<unknown> {
  return (await import("unroll/formats/keras-model-write.ts")).modelToConfig(model);
}

async function fromConfig(config: unknown): Promise<Model> {
  const { modelFromConfig } = await import("unroll/formats/keras-model.ts");
  const { ownCells } = await import("./own-cells.ts");
  return modelFromConfig(config, { keepNames: true, customTypes: ownCells });
}
