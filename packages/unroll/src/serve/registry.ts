/**
 * The models that are served, by name and version, and their exchange for newer ones: the old model answers until the new one
 * is ready, and goes on where the new file is broken.
 */
import { didYouMean, UnrollError } from "../core/errors.ts";
import { Batcher, type BatcherOptions } from "./batcher.ts";
import { type ModelFile, type ModelSpec, modelFiles } from "./model-paths.ts";
import { notFound } from "./request-error.ts";
import type { Runner } from "./runner.ts";
import { type SessionOptions, Sessions } from "./sessions.ts";

/** A model that answers. */
export interface ServedModel extends ModelFile {
  readonly runner: Runner;
  readonly batcher: Batcher;
  readonly sessions: Sessions;
}

/** Which of a model's versions a request wants; by default the greatest. */
export interface ModelChoice {
  readonly name: string;
  readonly version?: string | undefined;
  readonly label?: string | undefined;
}

/** What became of one version at a reload. */
export interface Reloaded {
  readonly name: string;
  readonly version: number;
  /** `kept`: the new file is broken and the old model goes on; `failed`: there is no old one. */
  readonly result: "loaded" | "kept" | "failed" | "removed";
  readonly reason?: string;
}

export interface RegistryOptions {
  readonly specs: readonly ModelSpec[];
  /** Versions by label, by name. */
  readonly labels: ReadonlyMap<string, ReadonlyMap<string, number>>;
  readonly batcher: BatcherOptions;
  readonly sessions: SessionOptions;
  readonly load: (path: string) => Promise<Runner>;
}

interface Entry extends ServedModel {
  /** Requests that it is answering. */
  users: number;
  retired: boolean;
}

export class Registry {
  readonly #options: RegistryOptions;
  readonly #models = new Map<string, Map<number, Entry>>();
  /** Versions whose file could not be loaded, with the reason. */
  readonly #broken = new Map<string, Map<number, string>>();
  #reloading: Promise<unknown> = Promise.resolve();

  constructor(options: RegistryOptions) {
    this.#options = options;
  }

  /** Loads everything; throws the first error, for a service must not start with less than it was asked for. */
  async open(): Promise<void> {
    try {
      for (const spec of this.#options.specs) {
        for (const file of await modelFiles(spec)) this.#put(await this.#load(file));
      }
      this.#checkLabels();
    } catch (error) {
      // Their threads would keep the process alive.
      await this.close();
      throw error;
    }
  }

  /** Names in the order in which they were given. */
  get names(): string[] {
    return [...this.#models.keys()];
  }

  get all(): ServedModel[] {
    return [...this.#models.values()].flatMap((versions) => [...versions.values()]);
  }

  /** A model's versions, ascending, and those that could not be loaded. Throws RequestError 404. */
  versions(name: string): { readonly served: readonly number[]; readonly broken: ReadonlyMap<number, string> } {
    const served = this.#versionsOf(name);
    return { served: [...served.keys()].sort((a, b) => a - b), broken: this.#broken.get(name) ?? new Map() };
  }

  /** Throws RequestError 404. */
  find({ name, version, label }: ModelChoice): ServedModel {
    const versions = this.#versionsOf(name);
    const wanted =
      label !== undefined
        ? this.#labelled(name, label)
        : version === undefined
          ? Math.max(...versions.keys())
          : version;
    // Only as it is written in an address: 1.0 is not version 1.
    const found = /^[0-9]+$/.test(String(wanted)) ? versions.get(Number(wanted)) : undefined;
    if (found !== undefined) return found;
    throw notFound(name, `has no version ${String(wanted).slice(0, 20)}`, {
      hint: `It has ${[...versions.keys()].join(", ")}.`,
    });
  }

  /** Runs something with a model, which is not taken away before it has ended. */
  async with<T>(choice: ModelChoice, use: (model: ServedModel) => Promise<T>): Promise<T> {
    const entry = this.find(choice) as Entry; // all that it finds are
    entry.users++;
    try {
      return await use(entry);
    } finally {
      entry.users--;
      if (entry.retired && entry.users === 0) await entry.runner.close();
    }
  }

  /**
   * Loads the files again, of one model or of all; versions whose folder is gone are taken away. One reload runs at a time.
   *
   * @throws RequestError 404 for an unknown name
   */
  reload(name?: string): Promise<Reloaded[]> {
    if (name !== undefined) this.#versionsOf(name);
    const result = this.#reloading.then(() => this.#reload(name));
    this.#reloading = result.catch(() => {});
    return result;
  }

  async close(): Promise<void> {
    await this.#reloading;
    await Promise.all(this.all.map(({ runner }) => runner.close()));
  }

  async #reload(name: string | undefined): Promise<Reloaded[]> {
    const results: Reloaded[] = [];
    for (const one of name === undefined ? this.names : [name]) {
      const files = await this.#filesOf(one, results);
      if (files === undefined) continue;
      for (const file of files) results.push(await this.#replace(file));
      const isThere = (version: number): boolean => files.some((file) => file.version === version);
      const broken = this.#broken.get(one);
      for (const version of broken?.keys() ?? []) if (!isThere(version)) broken?.delete(version);
      for (const [version, entry] of [...this.#versionsOf(one)]) {
        if (isThere(version)) continue;
        this.#versionsOf(one).delete(version);
        await this.#retire(entry);
        results.push({ name: one, version, result: "removed" });
      }
    }
    return results;
  }

  /** The files that there are now; undefined, with a result that says why, where that cannot be found out. */
  async #filesOf(name: string, results: Reloaded[]): Promise<ModelFile[] | undefined> {
    try {
      const specs = this.#options.specs.filter((spec) => spec.name === name);
      return (await Promise.all(specs.map(modelFiles))).flat();
    } catch (error) {
      for (const version of this.#versionsOf(name).keys()) {
        results.push({ name, version, result: "kept", reason: reasonOf(error) });
      }
      return undefined;
    }
  }

  async #replace(file: ModelFile): Promise<Reloaded> {
    const { name, version } = file;
    try {
      const entry = await this.#load(file);
      const old = this.#models.get(name)?.get(version);
      this.#put(entry);
      if (old !== undefined) await this.#retire(old);
      this.#broken.get(name)?.delete(version);
      return { name, version, result: "loaded" };
    } catch (error) {
      const reason = reasonOf(error);
      if (this.#models.get(name)?.has(version) === true) return { name, version, result: "kept", reason };
      const broken = this.#broken.get(name) ?? new Map<number, string>();
      this.#broken.set(name, broken.set(version, reason));
      return { name, version, result: "failed", reason };
    }
  }

  async #load(file: ModelFile): Promise<Entry> {
    const { batcher, sessions, load } = this.#options;
    const runner = await load(file.path);
    return {
      ...file,
      runner,
      batcher: new Batcher(runner, batcher),
      sessions: new Sessions(sessions),
      users: 0,
      retired: false,
    };
  }

  #put(entry: Entry): void {
    const versions = this.#models.get(entry.name) ?? new Map<number, Entry>();
    this.#models.set(entry.name, versions.set(entry.version, entry));
  }

  /** For a model that nobody finds any more; who uses it now is still answered by it. */
  async #retire(entry: Entry): Promise<void> {
    entry.retired = true;
    if (entry.users === 0) await entry.runner.close();
  }

  #versionsOf(name: string): Map<number, Entry> {
    const versions = this.#models.get(name);
    if (versions !== undefined) return versions;
    throw notFound(name.slice(0, 60), "there is no model of this name", {
      hint: didYouMean(name.slice(0, 60), this.names),
    });
  }

  #checkLabels(): void {
    const stray = [...this.#options.labels.keys()].find((name) => !this.#models.has(name));
    if (stray === undefined) return;
    throw new UnrollError({
      code: "option",
      path: "unroll serve",
      expected: "a label must be of a model that is served",
      received: stray,
      hint: `They are ${this.names.join(", ")}.`,
    });
  }

  #labelled(name: string, label: string): number {
    const labels = this.#options.labels.get(name) ?? new Map<string, number>();
    const version = labels.get(label);
    if (version !== undefined) return version;
    throw notFound(name, `has no version with the label ${JSON.stringify(label.slice(0, 60))}`, {
      hint: labels.size === 0 ? "It has no labels." : `Its labels are ${[...labels.keys()].join(", ")}.`,
    });
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof UnrollError) return error.message;
  return error instanceof Error ? error.message : String(error);
}
