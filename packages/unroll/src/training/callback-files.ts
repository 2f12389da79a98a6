/** Callbacks that write files: models, CSV logs, TensorBoard events. They need Node; the others also run in a page. */
import { badOption, UnrollError } from "../core/errors.ts";
import { defaultLimits } from "../formats/failure.ts";
import { readFile, writeFile, writing } from "../formats/files.ts";
import { type Callback, type CallbackState, type FitControl, type Logs, type Mode, Watch } from "./callbacks.ts";
import { checkNumber, withDefaults } from "./options.ts";
import { eventRecord, scalarEvent, versionEvent } from "./tensorboard.ts";

/** Options of `ModelCheckpoint`; names and defaults are Keras's. */
export interface ModelCheckpointOptions {
  /** Default "val_loss". */
  readonly monitor?: string;
  readonly saveBestOnly?: boolean;
  /** Weights without the architecture; the path must end in .weights.h5. */
  readonly saveWeightsOnly?: boolean;
  readonly mode?: Mode;
  /** "epoch", or a number of batches of at least 1. */
  readonly saveFreq?: "epoch" | number;
  /** What the best value must be better than at first. */
  readonly initialValueThreshold?: number | null;
  readonly verbose?: boolean;
}

/**
 * Saves the model after each epoch, or only when the watched number is better than ever. Each file is written whole or not
 * at all.
 *
 * @example new ModelCheckpoint("models/{epoch:02d}-{val_loss:.2f}.keras", { saveBestOnly: true })
 */
export class ModelCheckpoint implements Callback {
  readonly path: string;
  readonly options: Required<ModelCheckpointOptions>;
  readonly #watch: Watch;
  #epoch = 0;
  #batches = 0;

  /** @throws UnrollError `option` */
  constructor(path: string, options: ModelCheckpointOptions = {}) {
    const defaults: Required<ModelCheckpointOptions> = {
      monitor: "val_loss",
      saveBestOnly: false,
      saveWeightsOnly: false,
      mode: "auto",
      saveFreq: "epoch",
      initialValueThreshold: null,
      verbose: false,
    };
    const { saveFreq = "epoch", ...others } = options;
    checkPath("ModelCheckpoint", path);
    if (saveFreq !== "epoch") checkNumber("ModelCheckpoint", "saveFreq", saveFreq, { least: 1, whole: true });
    this.path = path;
    this.options = { ...withDefaults("ModelCheckpoint", { ...defaults }, { ...others }), saveFreq };
    this.#watch = new Watch("ModelCheckpoint", this.options.monitor, this.options.mode);
    this.#watch.best = this.options.initialValueThreshold ?? undefined;
    const wanted = this.options.saveWeightsOnly ? ".weights.h5" : ".keras";
    const good = path.endsWith(wanted) || (!this.options.saveWeightsOnly && path.endsWith(".h5"));
    if (good) return;
    throw new UnrollError({
      code: "option",
      path: "ModelCheckpoint",
      expected: `the path must end in ${wanted}`,
      received: `path = ${path}`,
    });
  }

  onEpochBegin(epoch: number): void {
    this.#epoch = epoch;
  }

  async onBatchEnd(batch: number, logs: Logs, control: FitControl): Promise<void> {
    const { saveFreq } = this.options;
    if (saveFreq === "epoch") return;
    this.#batches++;
    if (this.#batches < saveFreq) return;
    this.#batches = 0;
    await this.#save({ epoch: this.#epoch + 1, batch: batch + 1 }, logs, control);
  }

  async onEpochEnd(epoch: number, logs: Logs, control: FitControl): Promise<void> {
    if (this.options.saveFreq === "epoch") await this.#save({ epoch: epoch + 1 }, logs, control);
  }

  async #save(place: Readonly<Record<string, number>>, logs: Logs, control: FitControl): Promise<void> {
    const path = formatPath(this.path, { ...logs, ...place });
    const { verbose, saveBestOnly, saveWeightsOnly, monitor } = this.options;
    const before = this.#watch.best === undefined ? "None" : this.#watch.best.toFixed(5);
    if (saveBestOnly) {
      const value = this.#watch.valueIn(logs, control);
      if (value !== undefined) {
        if (!this.#watch.isBetter(value, this.#watch.best, control)) {
          if (verbose) control.say(`Epoch ${place.epoch}: ${monitor} did not improve from ${before}`);
          return;
        }
        this.#watch.best = value;
        if (verbose) {
          control.say(
            `Epoch ${place.epoch}: ${monitor} improved from ${before} to ${value.toFixed(5)}, saving model to ${path}`,
          );
        }
      }
    } else if (verbose) control.say(`Epoch ${place.epoch}: saving model to ${path}`);
    await makeFolderOf(path);
    const { modelToBytes, saveModel } = await import("../formats/save.ts");
    if (saveWeightsOnly) await writeFile(path, modelToBytes(control.model, "weights.h5"));
    else await saveModel(control.model, path);
  }

  save(): CallbackState {
    return { best: this.#watch.best ?? null, batches: this.#batches, epoch: this.#epoch };
  }

  restore(state: CallbackState): void {
    const saved = state as unknown as { best: number | null; batches: number; epoch: number }; // what save() gave
    this.#watch.best = saved.best ?? undefined;
    this.#batches = saved.batches;
    this.#epoch = saved.epoch;
  }
}

/** Throws UnrollError `option`. */
function checkPath(callback: string, path: unknown): void {
  if (typeof path !== "string" || path === "") throw badOption(callback, "path", "the name of a file", path);
}

/** Throws UnrollError `file`. */
async function makeFolderOf(path: string): Promise<void> {
  const fs = await import("node:fs/promises");
  const { dirname } = await import("node:path");
  await writing("folder", dirname(path), () => fs.mkdir(dirname(path), { recursive: true }));
}

/** Puts bytes behind those of a file, or in their place. Throws UnrollError `file`. */
async function write(path: string, bytes: string | Uint8Array, how: "append" | "replace"): Promise<void> {
  const fs = await import("node:fs/promises");
  await writing("file", path, () => fs.writeFile(path, bytes, { flag: how === "append" ? "a" : "w" }));
}

async function isThere(path: string): Promise<boolean> {
  const fs = await import("node:fs/promises");
  return await fs.access(path).then(
    () => true,
    () => false,
  );
}

/**
 * Fills `{epoch:02d}` and `{val_loss:.2f}` as Python's format does.
 *
 * @throws UnrollError `option` for a name that the logs do not have, or a format that is not known.
 */
export function formatPath(pattern: string, values: Readonly<Record<string, number>>): string {
  return pattern.replaceAll(/\{(\w+)(?::([^}]*))?\}/g, (_, name: string, format = "") => {
    const value = values[name];
    const known = /^(0?)(\d*)(?:\.(\d+))?([dfe]?)$/.exec(format);
    if (value === undefined || known === null) {
      throw new UnrollError({
        code: "option",
        path: "ModelCheckpoint",
        expected: value === undefined ? `the logs have no ${name}` : `the format ${format} is not known`,
        received: `path = ${pattern}`,
        hint: `Names are ${Object.keys(values).join(", ")}; formats are like 02d and .2f.`,
      });
    }
    const [, zero, width, digits, kind] = known;
    const python =
      kind === "e" ? value.toExponential(Number(digits ?? 6)).replace(/e([+-])(\d)$/, "e$10$2") : undefined;
    const plain = kind === "f" || digits !== undefined ? value.toFixed(Number(digits ?? 6)) : String(value);
    const text = python ?? plain;
    if (zero !== "0") return text.padStart(Number(width || 0));
    // Zeros go behind the sign.
    const sign = text.startsWith("-") ? "-" : "";
    return sign + text.slice(sign.length).padStart(Number(width || 0) - sign.length, "0");
  });
}

/** One line of a CSV file for each epoch: epoch, then the logs by name. A run throws UnrollError `file` where it cannot be written. */
export class CSVLogger implements Callback {
  readonly path: string;
  readonly #separator: string;
  readonly #append: boolean;
  #keys: readonly string[] | undefined;
  /** Lines of this run so far. */
  #epochs = 0;
  /** Lines of runs before, to which this one appends. */
  #before = 0;
  /** The first line replaces the file. */
  #fresh = true;

  /** @throws UnrollError `option` */
  constructor(path: string, { separator = ",", append = false } = {}) {
    checkPath("CSVLogger", path);
    this.path = path;
    this.#separator = separator;
    this.#append = append;
  }

  async onTrainBegin(): Promise<void> {
    this.#keys = undefined;
    this.#epochs = 0;
    this.#before = 0;
    this.#fresh = !this.#append;
    // Where it cannot be written, that is told before an epoch is spent.
    await write(this.path, "", "append");
    if (!this.#append) return;
    const lines = await this.#lines();
    if (lines.length === 0) return;
    this.#keys = lines[0]!.split(this.#separator).slice(1);
    this.#before = lines.length - 1;
  }

  async #lines(): Promise<string[]> {
    const text = new TextDecoder().decode(await readFile(this.path, defaultLimits));
    return text.split(/\r?\n/).filter((line) => line !== "");
  }

  async onEpochEnd(epoch: number, logs: Logs): Promise<void> {
    const lines: string[] = [];
    if (this.#keys === undefined) {
      const names = Object.keys(logs).sort();
      // As in Keras: columns for validation, should it come later.
      this.#keys = names.some((name) => name.startsWith("val_"))
        ? names
        : [...names, ...names.map((name) => `val_${name}`)];
      lines.push(["epoch", ...this.#keys].join(this.#separator));
    }
    lines.push([epoch, ...this.#keys.map((name) => logs[name] ?? "NA")].join(this.#separator));
    const text = lines.map((line) => `${line}\r\n`).join("");
    await write(this.path, text, this.#fresh ? "replace" : "append");
    this.#fresh = false;
    this.#epochs++;
  }

  save(): CallbackState {
    return { keys: this.#keys ?? null, epochs: this.#epochs, before: this.#before };
  }

  /** Cuts off the lines of epochs that will run again. */
  async restore(state: CallbackState): Promise<void> {
    const saved = state as unknown as { keys: string[] | null; epochs: number; before: number }; // what save() gave
    if (saved.keys === null) return;
    const kept = (await this.#lines()).slice(0, 1 + saved.before + saved.epochs);
    await write(this.path, kept.map((line) => `${line}\r\n`).join(""), "replace");
    this.#keys = saved.keys;
    this.#epochs = saved.epochs;
    this.#before = saved.before;
    this.#fresh = false;
  }
}

/**
 * Scalars for TensorBoard: `epoch_loss` and the like, in the folders `train` and `validation` as Keras writes them. A run throws
 * UnrollError `file` where they cannot be written.
 */
export class TensorBoard implements Callback {
  readonly folder: string;
  readonly #everyBatch: boolean;
  #files: { readonly train: string; readonly validation: string } | undefined;

  constructor(folder = "logs", { updateFreq = "epoch" }: { readonly updateFreq?: "epoch" | "batch" } = {}) {
    this.folder = folder;
    this.#everyBatch = updateFreq === "batch";
  }

  async onTrainBegin(): Promise<void> {
    const os = await import("node:os");
    const { join } = await import("node:path");
    const seconds = String(Math.floor(Date.now() / 1000)).padStart(10, "0");
    const name = (number: number): string => `events.out.tfevents.${seconds}.${os.hostname()}.${process.pid}.${number}`;
    this.#files = { train: join(this.folder, "train", name(0)), validation: join(this.folder, "validation", name(1)) };
    await makeFolderOf(this.#files.train);
    await write(this.#files.train, eventRecord(versionEvent(Date.now() / 1000)), "replace");
  }

  async onBatchEnd(_batch: number, logs: Logs, control: FitControl): Promise<void> {
    if (this.#everyBatch) await this.#write("train", "batch_", logs, control.iterations);
  }

  async onEpochEnd(epoch: number, logs: Logs, control: FitControl): Promise<void> {
    const isValidation = (name: string): boolean => name.startsWith("val_");
    const entries = Object.entries(logs);
    const train = entries.filter(([name]) => !isValidation(name));
    const validation = entries.filter(([name]) => isValidation(name)).map(([name, value]) => [name.slice(4), value]);
    const rate = { learning_rate: control.learningRate };
    await this.#write("train", "epoch_", { ...Object.fromEntries(train), ...rate }, epoch);
    if (validation.length > 0) await this.#write("validation", "epoch_", Object.fromEntries(validation), epoch);
  }

  async #write(kind: "train" | "validation", prefix: string, logs: Logs, step: number): Promise<void> {
    const path = this.#files![kind];
    const now = Date.now() / 1000;
    const scalars = Object.fromEntries(Object.entries(logs).map(([name, value]) => [`${prefix}${name}`, value]));
    if (kind === "validation" && !(await isThere(path))) {
      await makeFolderOf(path);
      await write(path, eventRecord(versionEvent(now)), "replace");
    }
    await write(path, eventRecord(scalarEvent(now, step, scalars)), "append");
  }
}
