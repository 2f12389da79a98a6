/** The model that the page shows, with its seed and the user's changes: opens sources, and keeps what views are cut from. */
import { describeModel, shapesOf } from "./describe.ts";
import { type Model, setSeed, UnrollError } from "./library.ts";
import type { Opened, OpenRequest, Shape } from "./protocol.ts";

/** The most timesteps that are traced; a model that declares more is traced on a copy with fewer. */
const longestTrace = 240;
const shortTrace = 24;
/** Weights that are drawn before anybody asks for them: 80 MB. */
const mostDrawn = 20_000_000;
/** Characters of text that is read; larger sources come as files. */
const longestText = 4_000_000;

export class Session {
  model: Model | undefined;
  /** The model itself, or a copy with fewer timesteps. */
  traced: Model | undefined;
  shortened: number | undefined;
  hasWeights = false;

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
    const options = { name: file, ...(set === undefined ? {} : { set }) };
    setSeed(seed);
    const code = await codeOf(bytes, options);
    if (code === undefined) {
      const { model, hasWeights, report } = await load(bytes, options);
      this.#take(model, hasWeights);
      const entries = [...report.read, ...report.ignored.map((one) => `not used: ${one}`)];
      return { ...nothing, names: [model.name], model: describeModel(model, hasWeights), report: entries };
    }
    const isNotebook = code.reading.format === "ipynb";
    const chosen = Math.min(choose, code.models.length - 1);
    const one = code.models[chosen];
    // Every model draws from the seed as if it were the only one, so that a link to one model needs no others.
    setSeed(seed);
    const model = one === undefined || one.model === undefined ? undefined : await rebuilt(one.model);
    if (model !== undefined) this.#take(model, false);
    return {
      names: code.models.map(({ code: { name: own, line }, model: built }) =>
        built === undefined
          ? `${own} (line ${line})`
          : `${own}: ${built.layers.map(({ className }) => className).join(" → ")}`,
      ),
      chosen: Math.max(0, chosen),
      model: model === undefined ? undefined : describeModel(model, false),
      error:
        one === undefined
          ? "No Keras model was found. Paste code that builds one, such as model = Sequential([...])."
          : one.error?.message,
      problems: code.reading.problems.map(({ cell, line, message }) => ({
        place: isNotebook ? `cell ${cell}, line ${line}` : `line ${line}`,
        message,
      })),
      unknowns: (one?.code.unknowns ?? []).map(({ name: variable, reason, line, value }) => ({
        name: variable,
        reason,
        line,
        value: value === undefined ? undefined : String(value),
      })),
      report: [],
    };
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
    throw new UnrollError({
      code: "usage",
      path: "lab",
      expected: "a model must be open",
      hint: "Paste Keras code or choose an example.",
    });
  }

  async prepareTrace(): Promise<Model> {
    const model = this.need();
    if (this.traced !== undefined) return this.traced;
    const declared = model.inputs[0]!.shape[1];
    const isLong = model.inputs[0]!.shape.length === 3 && typeof declared === "number" && declared > longestTrace;
    this.shortened = isLong ? shortTrace : undefined;
    this.traced = isLong ? await withTimesteps(model, shortTrace) : model;
    if (isLong) this.traced.setWeights(model.getWeights());
    return this.traced;
  }

  #take(model: Model, hasWeights: boolean): void {
    this.model = model;
    this.hasWeights = hasWeights;
    this.traced = undefined;
    this.shortened = undefined;
  }
}

const nothing = { chosen: 0, error: undefined, problems: [], unknowns: [], report: [] } as const;

/** Text tells what it is by its first characters; bytes are told by the library. */
function nameFor(source: string | Uint8Array): string {
  if (typeof source !== "string") return "file";
  if (!source.trimStart().startsWith("{")) return "pasted.py";
  return source.includes('"cells"') ? "pasted.ipynb" : "pasted.json";
}

async function rebuilt(model: Model): Promise<Model> {
  return fromConfig(await configOf(model));
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
  return modelFromConfig(config as Parameters<typeof modelFromConfig>[0], { keepNames: true }); // written by the library
}
