/** What the page and the worker tell each other: plain data only, formulas already written as MathML by the library. Views of models, steps, training, quiz and comparison have files of their own. */
import type { OpenedNode } from "unroll/explain/open-value.ts";
import type { CompareRequest, Comparison } from "./compare-views.ts";
import type { AuditView, DerivationView, FoundModelView, ModelView, PrintedView, Shape } from "./model-views.ts";
import type { QuestionView, QuizCheck, QuizSolution, QuizSpec } from "./quiz-views.ts";
import type { Misfit } from "./read-answer.ts";
import type { BackView, Edit, OpenedNow, ResetView, RunNumbers, RunView, TraceView } from "./step-views.ts";
import type { ColumnsView, CutView, Pace, SeriesRequest, TableView, TrainRequest } from "./train-views.ts";

export type { OpenedName, OpenedNode, OpenedValue, OpenedWeight } from "unroll/explain/open-value.ts";
export type * from "./compare-views.ts";
export type * from "./model-views.ts";
export type * from "./quiz-views.ts";
export type * from "./step-views.ts";
export type * from "./train-views.ts";

/** Something that code said and that was not understood. */
export interface ProblemView {
  readonly place: string;
  readonly message: string;
}

export interface UnknownView {
  readonly name: string;
  readonly reason: string;
  readonly line: number;
  readonly value: string | undefined;
}

/** A change of the code that makes the layers fit together. */
export interface RepairView {
  /** "set return_sequences=True in gru" */
  readonly text: string;
  /** Parameters of the model then; null where a size is open. */
  readonly total: number | null;
}

/** An option with a control: a box to tick where the value is boolean, a list where there are choices, else a box to write in. */
export interface OptionView {
  /** Where it is in the layer: "units", "layer.units" for the layer inside. */
  readonly path: string;
  /** As in Keras's code. */
  readonly name: string;
  readonly doc: string;
  readonly value: string | boolean;
  readonly choices: readonly string[] | undefined;
  readonly isDefault: boolean;
}

export interface OutlineLayer {
  readonly name: string;
  readonly className: string;
  readonly options: readonly OptionView[];
}

/** The open model as something to change, also where it does not fit together. */
export interface Outline {
  /** True where layers can be put in, taken out and moved; of other models options alone can be changed. */
  readonly isStack: boolean;
  /** Of a stack, its input without the batch: "30, 5"; empty where none is given. */
  readonly input: string | undefined;
  readonly layers: readonly OutlineLayer[];
  readonly addable: readonly { readonly className: string; readonly does: string }[];
}

/** A change of the model; layers by name. */
export type ModelChange =
  | { readonly kind: "option"; readonly layer: string; readonly path: string; readonly value: string | boolean }
  | { readonly kind: "input"; readonly shape: string }
  | { readonly kind: "add"; readonly className: string; readonly at: number }
  | { readonly kind: "remove"; readonly layer: string }
  | { readonly kind: "duplicate"; readonly layer: string }
  | { readonly kind: "move"; readonly layer: string; readonly to: number };

/** A layer of a model that does not fit together, as far as its shape and count are known. */
export interface PartialLayer {
  readonly name: string;
  readonly className: string;
  readonly shape: Shape | undefined;
  readonly count: number | null;
}

export interface Opened {
  /** Every model that was found, by name. */
  readonly names: readonly string[];
  /** Which one is shown. */
  readonly chosen: number;
  readonly model: ModelView | undefined;
  readonly error: string | undefined;
  /** Where the layers do not fit together: what would make them, the smallest change first. */
  readonly repairs: readonly RepairView[];
  /** The layers of a model that could not be built. */
  readonly partial: readonly PartialLayer[];
  readonly problems: readonly ProblemView[];
  readonly unknowns: readonly UnknownView[];
  /** What a file held: what was read, then what was not used and why. */
  readonly report: readonly { readonly text: string; readonly isUsed: boolean }[];
  /** The summary that is printed beside the code, line by line beside the model's own. */
  readonly printed: PrintedView | undefined;
}

export interface OpenRequest {
  /** Text or the bytes of a file. */
  readonly source: string | Uint8Array;
  /** The file's name; by default found by content. */
  readonly name?: string;
  /** Which of several models. */
  readonly choose?: number;
  readonly seed: number;
  /** Values for sizes that the code leaves open. */
  readonly set?: Readonly<Record<string, number | string>>;
}

/** What the library says to an answer. */
export interface CheckView {
  readonly right: boolean;
  /** Why it can be no answer at all, whatever the model. */
  readonly misfit: Misfit | undefined;
  readonly remarks: readonly string[];
  /** Ways to a wrong answer, the most plausible first; empty where no known slip gives it. */
  readonly findings: readonly {
    readonly slips: readonly { readonly title: string; readonly detail: string; readonly layer: string }[];
    readonly derivations: readonly DerivationView[];
  }[];
}

/** One way from the open model to a number. */
export interface OriginView {
  /** "the parameters of gru" */
  readonly what: string;
  /** The layer to look at; empty for the whole model. */
  readonly layer: string;
  /** Empty for what the model has. */
  readonly slips: readonly { readonly title: string; readonly detail: string; readonly layer: string }[];
  readonly derivations: readonly DerivationView[];
}

/** Where a number or shape comes from: every way, what the model has first. */
export interface OriginsView {
  readonly misfit: Misfit | undefined;
  readonly origins: readonly OriginView[];
}

/** The letters of sizes: i, h, g; N, T, D, M, K; or Keras's words. */
export type LetterStyle = "own" | "papers" | "keras";

export type FileFormat = "keras" | "h5" | "onnx" | "safetensors" | "json";

/** Keras code, a loop in NumPy, code for this library, a loop in plain TypeScript. */
export type CodeLanguage = "keras" | "numpy" | "unroll" | "plain";

/** What became of a run that was to be kept: its weights are too large, or are others by now. */
export type Keeping = "kept" | "large" | "moved";

export type LabMethods = {
  /** How letters are written from now on; the open model written so. */
  letters(style: LetterStyle): ModelView | undefined;
  /** A set of questions; later calls are about them. */
  quiz(spec: QuizSpec): Promise<readonly QuestionView[]>;
  /** One more question, aimed at the slip in the answer before. */
  quizNext(argument: null): Promise<QuestionView>;
  quizCheck(answer: { readonly number: number; readonly answer: string }): Promise<QuizCheck>;
  quizSolutions(argument: null): Promise<readonly QuizSolution[]>;
  /** Compares models, each drawn from the same seed, and runs that are kept. */
  compare(request: CompareRequest): Promise<Comparison>;
  /** Trains one of the models that were compared; what is told of the run carries its `id`. */
  trainCompared(request: TrainRequest & { readonly index: number; readonly id: number }): Promise<CutView>;
  /** Keeps the model of the Train screen's run with the weights that it rests with, after so many epochs and batches of the next. */
  keepRun(run: { readonly id: string; readonly epoch: number; readonly batch: number | undefined }): Promise<Keeping>;
  /** Keeps the compared model that was trained last, where that was the run of that number. */
  keepCompared(run: { readonly id: string; readonly run: number }): Promise<Keeping>;
  /** Gives a kept run its name, where it was kept before that was known. */
  nameRun(run: { readonly id: string; readonly name: string }): void;
  /** Gives the open model the weights of a kept run of its kind; false where they are no longer kept. */
  takeRun(id: string): Promise<boolean>;
  forgetRuns(ids: readonly string[]): void;
  open(request: OpenRequest): Promise<Opened>;
  /** The code behind a printed summary; undefined for text that is none. */
  codeOfSummary(text: string): string | undefined;
  /** The open model as a file with the weights of one that has nothing else; undefined for a file that is a model itself. */
  withWeights(file: { readonly bytes: Uint8Array; readonly name: string }): Promise<Uint8Array | undefined>;
  /** Why a file's code builds no model; empty where it builds one. The open model stays. */
  whyNot(file: { readonly bytes: Uint8Array; readonly name: string }): Promise<string>;
  /** Every model of the opened code, in the order of their names; empty for a file of a model. */
  found(argument: null): Promise<readonly FoundModelView[]>;
  /** The numbers that the opened code claims about its models, in arithmetic, comments and prose. */
  audit(argument: null): Promise<AuditView>;
  /** A printed summary beside the open model; undefined for text that is none. */
  printed(text: string): Promise<PrintedView | undefined>;
  /** What can be changed about the open model; undefined where none is open. */
  outline(argument: null): Promise<Outline | undefined>;
  /** The model's code after a change, or after the repair of that index. */
  change(change: ModelChange): Promise<string>;
  repair(index: number): Promise<string>;
  recount(timesteps: number): { readonly total: number; readonly shapes: readonly Shape[] };
  check(answer: { readonly layer: string; readonly answer: string }): Promise<CheckView>;
  origins(text: string): Promise<OriginsView>;
  trace(request: { readonly seed: number; readonly edits: readonly Edit[] }): TraceView;
  /** How far the engine is from the numbers of such a trace. It takes longer than the trace itself: for when nothing waits. */
  checkTrace(request: { readonly seed: number; readonly edits: readonly Edit[] }): Promise<string>;
  /** The first cell of a model that is not opened for it, run over time; undefined for none. */
  glance(request: { readonly source: string; readonly seed: number }): Promise<RunView | undefined>;
  /** A named value, an input "x", or a state before the step; of long products the first terms unless all are asked for. */
  openValue(place: {
    readonly run: number;
    readonly step: number;
    readonly name: string;
    readonly unit: number;
    readonly allTerms: boolean;
  }): OpenedNow;
  /** Both forms of a GRU's step; undefined for another cell. */
  resetForms(place: {
    readonly run: number;
    readonly step: number;
    readonly unit: number;
  }): Promise<ResetView | undefined>;
  /** One number that the model gives, by its place in the output's row-major data. */
  openOutput(place: { readonly output: number; readonly at: number }): OpenedNode;
  /** The traced example as the engine computes it. */
  engine(request: {
    readonly seed: number;
    readonly edits: readonly Edit[];
    readonly run: number;
  }): Promise<RunNumbers | undefined>;
  /** ∂h_t[unit] / ∂x_k for every step k, `[steps, features]`. */
  memory(place: { readonly run: number; readonly step: number; readonly unit: number }): Float64Array;
  /** ‖∂h_t[unit] / ∂x_k‖ for `count` units from `from`, each for the steps up to `step`. */
  memories(place: {
    readonly run: number;
    readonly step: number;
    readonly from: number;
    readonly count: number;
  }): readonly (readonly number[])[];
  /** ‖∂prediction / ∂x_k‖ for each timestep k of each compared model; undefined for one that reads no numbers over time. */
  memoryCompared(request: { readonly seed: number }): Promise<readonly (readonly number[] | undefined)[]>;
  backward(request: {
    readonly seed: number;
    readonly edits: readonly Edit[];
    readonly run: number;
  }): Promise<BackView>;
  /** One gradient of the way back that was asked for last; of long products the first terms unless all are asked for. */
  openGradient(place: {
    readonly layer: string;
    readonly step: number;
    readonly name: string;
    readonly unit: number;
    readonly allTerms: boolean;
  }): Promise<OpenedNow>;
  save(format: FileFormat): Promise<Uint8Array>;
  /** The model as code; `numpy` and `plain` hold its weights. */
  code(language: CodeLanguage): Promise<string>;
  /** The derivation of a layer's count, or of the total, for documents. */
  formulas(layer: string): Promise<{ readonly latex: string; readonly mathml: string; readonly text: string }>;
  /** Reads a table, which later calls are about. */
  table(file: { readonly bytes: Uint8Array; readonly name: string }): Promise<TableView>;
  columns(names: readonly string[]): Promise<ColumnsView>;
  /** How a series would be cut for the open model. */
  cut(request: SeriesRequest): Promise<CutView>;
  train(request: TrainRequest): Promise<CutView>;
  /** Lets the run that trains or waits go on so far. */
  pace(pace: Pace): void;
  stop(argument: null): void;
  /** Gives the model the weights that it had after that epoch of its run, which must wait or be done; what it predicts then is told. */
  useCheckpoint(epoch: number): void;
  /** Ends the run, and gives the model the weights with which it was opened. */
  resetWeights(argument: null): void;
};
