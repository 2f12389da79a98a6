/** What the page knows of the model that is open, and of the trace of its example. Everything comes from the worker. */
import { codeOfExample } from "../data/code-of.ts";
import { words } from "../words.ts";
import type { Edit, LabMethods, ModelView, Opened, TraceView, TrainProgress } from "../worker/protocol.ts";
import { CallError, type Client, connect, type Failure } from "../worker/rpc.ts";
import { classesOf } from "../worker/title.ts";
import { CompareNews, type CompareProgress } from "./compare-news.ts";
import { packEdits, readEdits } from "./edits.ts";
import { FilesHere, fileNameIn, type KeptFile } from "./files.ts";
import { followNumberStyle } from "./format.ts";
import { modelKey } from "./model-key.ts";
import { pack, unpack } from "./pack.ts";
import { Place } from "./place.svelte.ts";
import { keepRecent } from "./recent.ts";
import { atStart, namesModel, noModel, type Route, startRoute } from "./router.ts";
import { applySettings, hearSettings, readSettings, type Settings, writeSettings } from "./settings.ts";
import { startWorker } from "./start-worker.ts";
import { UndoStack } from "./undo.ts";

/** Packed code of a link, in letters. */
const longestPacked = 8000;

/** What leads to the open model; all empty where there is none. */
export interface ModelLink extends Pick<Route, "m" | "s" | "file" | "pick"> {
  /** True where sizes were typed in, which no link holds. */
  readonly isSized: boolean;
}

/** What a change of the model, its weights or its input replaces. */
interface Snapshot {
  readonly source: string | Uint8Array;
  readonly fileName: string;
  readonly key: string;
  readonly link: Pick<Route, "m" | "s" | "file" | "pick" | "seed" | "edits">;
  /** The link's model, also where that names none. */
  readonly modelLink: ModelLink;
  readonly edits: readonly Edit[];
}

interface Opening {
  /** Sizes that the source leaves open. */
  readonly set?: Readonly<Record<string, string>> | undefined;
  /** Which of its models. */
  readonly pick?: number;
}

class Lab extends Place {
  opened = $state.raw<Opened | undefined>(undefined);
  /** How often that has become another; the same model in other letters does not count. */
  openings = $state(0);
  trace = $state.raw<TraceView | undefined>(undefined);
  training = $state.raw<TrainProgress | undefined>(undefined);
  failure = $state.raw<Failure | undefined>(undefined);
  /** True where the open model was given the weights of a kept run. */
  hasRunWeights = $state(false);
  /** What a screen reader is told. */
  status = $state("");
  busy = $state(false);
  code = $state("");
  /** The file's name, where the model came as one. */
  fileName = $state("");
  edits = $state.raw<readonly Edit[]>([]);
  /** Those of them that fit no number of the model, as a link may have. */
  unfit = $state.raw<readonly Edit[]>([]);
  /** Entries of the link that are no edits. */
  unread = $state(0);
  settings = $state(readSettings());
  readonly worker: Client<LabMethods>;
  readonly compared = new CompareNews();
  /** What can be undone and redone; new with every change. */
  undoable = $state.raw({ canUndo: false, canRedo: false });
  readonly #undo = new UndoStack<Snapshot>();
  readonly #files = new FilesHere();
  /** The link's edits, as they were when they were read. */
  #editsText = "";
  #source: string | Uint8Array = "";
  #modelLink = $state.raw<ModelLink>({ ...noModel, isSized: false });
  #key = "";
  #request = 0;
  /** Models that are being brought, each until it is open or cannot be. */
  readonly #coming = new Set<Promise<unknown>>();
  /** Links followed so far. */
  #visits = 0;
  /** That with which the open model was opened. */
  #seed = startRoute.seed;
  /** Settles when the page has what it last went for. */
  arrived: Promise<void> = Promise.resolve();

  constructor() {
    super();
    this.worker = connect<LabMethods>(startWorker(), (event, data) => {
      // The worker's two events, each with its own data.
      if (event === "train") {
        this.training = data as TrainProgress;
        this.#weightsMoved(this.training);
      }
      if (event !== "compare") return;
      const told = data as CompareProgress;
      this.#weightsMoved(told.progress);
      this.compared.tell(told);
    });
  }

  get model(): ModelView | undefined {
    return this.opened?.model;
  }

  /** Unlike the route, that of the model that is open while another one comes. */
  get modelLink(): ModelLink {
    return this.#modelLink;
  }

  start(): void {
    followNumberStyle(() => this.settings.numbers);
    if (this.settings.letters !== "own") void this.worker.letters(this.settings.letters);
    hearSettings((settings) => void this.#takeSettings(settings));
    this.hearAddress((route) => {
      this.arrived = this.#follow(route);
    });
  }

  /** Moves on, with an entry in the history or by replacing its last. */
  go(change: Partial<Route>, { replace = false } = {}): void {
    this.settle();
    const next = { ...this.route, ...change };
    this.writeAddress(next, replace);
    this.arrived = this.#follow(next);
  }

  /** Opens pasted text or a file, and shows it; false where it cannot be opened. `pick` is which of its models. */
  openSource(given: string | Uint8Array, name?: string, how: Opening = {}): Promise<boolean> {
    return this.#bring(this.#openGiven(given, name, how));
  }

  async #openGiven(given: string | Uint8Array, name: string | undefined, { set, pick }: Opening): Promise<boolean> {
    const before = this.#snapshot();
    // A file of code is code: to be edited, and to go into a link.
    const text = /\.(py|txt)$/i.test(name ?? "") && typeof given !== "string" ? new TextDecoder().decode(given) : given;
    const source = await this.attempt(() => this.#modelIn(text, name ?? ""));
    if (source === undefined) return false;
    const packed = typeof source === "string" ? await pack(source) : "";
    const found = await this.#open(source, name, { set, pick });
    if (found === undefined) return false;
    this.#remember(before);
    this.#takeEdits("");
    const s = packed.length <= longestPacked ? packed : "";
    const file = s === "" ? this.#files.keep({ source, name: name ?? "" }) : "";
    this.#note(found, s, this.route.screen === "start" ? "" : before.link.s);
    this.move({ m: "", s, file, pick: found.chosen, layer: "", edits: "", ...atStart, ask: false });
    this.#modelLink = { m: "", s, file, pick: found.chosen, isSized: set !== undefined };
    this.#key = modelKey({ ...this.route, seed: this.#seed }, this.#key);
    this.go({ screen: this.route.screen === "start" ? "model" : this.route.screen });
    return true;
  }

  /** Opens what is open once more, with sizes that it leaves open. */
  openWith(set: Readonly<Record<string, string>>): Promise<boolean> {
    return this.openSource(this.#source, this.fileName || undefined, { set, pick: this.#modelLink.pick });
  }

  /** A printed summary gives its model's code, weights alone the open model with them; all else is what it was. */
  async #modelIn(source: string | Uint8Array, name: string): Promise<string | Uint8Array> {
    if (typeof source !== "string" && /\.(h5|hdf5|safetensors)$/i.test(name)) {
      return (await this.worker.withWeights({ bytes: source, name })) ?? source;
    }
    if (typeof source !== "string" || !source.includes("Layer (type)")) return source;
    return (await this.worker.codeOfSummary(source)) ?? source;
  }

  async retrace(): Promise<void> {
    this.trace = undefined;
    await this.#trace();
  }

  setEdits(edits: readonly Edit[]): void {
    this.#remember(this.#snapshot());
    this.edits = edits;
    this.unread = 0;
    this.#editsText = packEdits(edits);
    this.go({ edits: this.#editsText }, { replace: true });
    void this.#trace();
  }

  /** Step shows what the model computes with its weights of now; where it is looked at, once they rest. */
  #weightsMoved({ done, waits }: TrainProgress): void {
    if (this.route.screen !== "step") this.trace = undefined;
    else if (done || waits !== undefined) void this.#trace();
  }

  async attempt<T>(work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch (error) {
      this.failure = error instanceof CallError ? error.failure : { message: String(error), expected: false };
      return undefined;
    }
  }

  saveSettings(): void {
    writeSettings(this.settings);
    applySettings(this.settings);
  }

  /** Writes sizes in other letters, in the open model too. */
  async writeLetters(): Promise<void> {
    this.saveSettings();
    await this.#rewriteLetters();
  }

  async #rewriteLetters(): Promise<void> {
    const model = await this.attempt(() => this.worker.letters(this.settings.letters));
    if (model !== undefined && this.opened !== undefined) this.opened = { ...this.opened, model };
  }

  undo(): void {
    void this.#bring(this.#restore(this.#undo.undo(this.#snapshot())));
  }

  redo(): void {
    void this.#bring(this.#restore(this.#undo.redo(this.#snapshot())));
  }

  /** What another tab has set. */
  async #takeSettings(settings: Settings): Promise<void> {
    const { letters } = this.settings;
    this.settings = settings;
    applySettings(settings);
    if (settings.letters !== letters) await this.#rewriteLetters();
  }

  /** Keeps the model for the start page. Files stay where they are: only what a link holds is kept. */
  #note({ model, chosen }: Opened, s: string, instead: string): void {
    if (model === undefined || s === "") return;
    keepRecent({ title: classesOf(model), total: model.total.result ?? 0, s, pick: chosen }, instead);
  }

  /** Where a link names no model it is about the one that was open. */
  #noteLink({ m, s, file, pick }: Pick<Route, "m" | "s" | "file" | "pick">): void {
    this.#modelLink = { ...(namesModel({ m, s, file }) ? { m, s, file, pick } : this.#modelLink), isSized: false };
  }

  #snapshot(): Snapshot {
    const { m, s, file, pick, seed, edits } = this.route;
    return {
      source: this.#source,
      fileName: this.fileName,
      key: this.#key,
      link: { m, s, file, pick, seed, edits },
      modelLink: this.#modelLink,
      edits: this.edits,
    };
  }

  /** Without a model there is nothing to go back to. */
  #remember(state: Snapshot): void {
    if (this.model !== undefined) this.#undo.remember(state);
    this.#tellUndo();
  }

  #tellUndo(): void {
    this.undoable = { canUndo: this.#undo.canUndo, canRedo: this.#undo.canRedo };
  }

  async #restore(state: Snapshot | undefined): Promise<void> {
    if (state === undefined) return;
    this.#tellUndo();
    const isOther = state.key !== this.#key;
    const isOtherModel = (["m", "s", "file", "pick"] as const).some((one) => state.link[one] !== this.route[one]);
    this.#key = state.key;
    this.#takeEdits(state.link.edits);
    this.edits = state.edits;
    this.move({ ...state.link, ...(isOtherModel ? { layer: "", ...atStart } : {}) });
    if (isOther) {
      const found = await this.#open(state.source, state.fileName || undefined, { pick: state.modelLink.pick });
      if (found !== undefined) this.#modelLink = { ...state.modelLink, isSized: false };
    }
    this.trace = undefined;
    this.go({}, { replace: true });
  }

  async #follow(given: Route): Promise<void> {
    this.#visits += 1;
    const visit = this.#visits;
    let before = this.#snapshot();
    this.move(namesModel(given) ? given : { ...given, pick: this.#modelLink.pick });
    if (!namesModel(given) && this.#coming.size > 0) {
      // What is on its way is what such a link is about.
      while (this.#coming.size > 0) await Promise.all(this.#coming);
      if (visit !== this.#visits) return;
      before = { ...this.#snapshot(), link: before.link };
      this.move({ pick: this.#modelLink.pick });
    }
    const route = { ...this.route };
    const key = modelKey(route, this.#key);
    if (key !== this.#key) {
      this.#remember(before);
      this.#key = key;
      await this.#bring(this.#openLinked(route));
    }
    // While the model was opened, the user may have gone on: to another screen, or with a link to other changes.
    if (this.route.edits !== this.#editsText) {
      this.#takeEdits(this.route.edits);
      this.trace = undefined;
    }
    if (this.route.screen === "step" && this.trace === undefined && this.model !== undefined) await this.#trace();
  }

  /** Links that name no model wait until this one is there. */
  async #bring<T>(model: Promise<T>): Promise<T> {
    this.#coming.add(model);
    try {
      return await model;
    } finally {
      this.#coming.delete(model);
    }
  }

  async #openLinked(route: Route): Promise<void> {
    const named = await this.#sourceOf(route);
    if (named === undefined) {
      this.#miss(route);
      return;
    }
    const found = await this.#open(named.source, named.name || undefined, { pick: route.pick });
    if (found === undefined) return;
    this.#note(found, route.s, "");
    this.#noteLink(route);
  }

  async #sourceOf({ m, s, file }: Route): Promise<KeptFile | undefined> {
    if (m === "" && s === "")
      return file === "" ? { source: this.#source, name: this.fileName } : this.#files.find(file);
    const source = codeOfExample(m) ?? (await unpack(s));
    return source === undefined ? undefined : { source, name: "" };
  }

  /** The address names a model that is not to be had. */
  #miss({ m, s, file }: Route): void {
    const isFile = m === "" && s === "";
    this.failure = { message: isFile ? words.shell.fileGone(fileNameIn(file)) : words.shell.emptyLink, expected: true };
    if (!isFile) return;
    // Another model under this address would be taken for it.
    [this.opened, this.trace, this.training] = [undefined, undefined, undefined];
    this.openings += 1;
    [this.#source, this.fileName, this.code] = ["", "", ""];
    this.#modelLink = { ...noModel, isSized: false };
  }

  #takeEdits(text: string): void {
    this.#editsText = text;
    const { edits, unread } = readEdits(text);
    [this.edits, this.unread, this.unfit] = [edits, unread, []];
  }

  async #open(
    source: string | Uint8Array,
    name?: string,
    { set, pick = 0 }: Opening = {},
  ): Promise<Opened | undefined> {
    this.busy = true;
    this.failure = undefined;
    this.#request += 1;
    const request = this.#request;
    const { seed } = this.route;
    const opened = await this.attempt(() =>
      this.worker.open({ source, name: name || undefined, choose: pick, seed, set }),
    );
    this.busy = false;
    if (opened === undefined || request !== this.#request) return undefined;
    [this.#source, this.#seed] = [source, seed];
    this.fileName = name ?? "";
    this.code = typeof source === "string" ? source : "";
    [this.trace, this.training, this.hasRunWeights] = [undefined, undefined, false];
    this.opened = opened;
    this.openings += 1;
    this.status = opened.model === undefined ? (opened.error ?? "") : words.shell.isOpen(opened.model.name);
    return opened;
  }

  async #trace(): Promise<void> {
    const { edits } = this;
    const trace = await this.attempt(() => this.worker.trace({ seed: this.route.seed, edits }));
    if (trace === undefined) return;
    this.failure = undefined;
    this.unfit = edits.filter((_, index) => trace.replaced[index] === undefined);
    this.trace = trace;
  }
}

export const lab = new Lab();
