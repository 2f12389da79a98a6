/** What reading code gives: models, what they leave open, and what was skipped. Data only; read.ts makes it. */
import type { DocumentFormat } from "./document.ts";
import type { KerasVersion } from "./keras-session.ts";
import type { Problem } from "./runtime.ts";
import type { Json, SerializedObject, ShapeRules } from "./serialize.ts";
import type { ParsedSummary } from "./summary-text.ts";
import type { KnownShape } from "./unknown.ts";

export interface ReadOptions {
  /** Values for what the code does not tell, by variable or by the text of the expression. */
  readonly set?: Readonly<Record<string, number | string>>;
  /** Which rules automatic names follow; found from printed tables when left out, else "3". */
  readonly kerasVersion?: KerasVersion;
  /** Counts and shapes of layers, where others than the library's own are wanted. */
  readonly rules?: ShapeRules;
}

/** A size that the code alone does not tell. */
export interface NamedUnknown {
  /** Variable or expression; what `set` takes. */
  readonly name: string;
  /** As the code computes it. */
  readonly expression: string;
  /** Why it is not known, as a clause. */
  readonly reason: string;
  readonly cell: number;
  readonly line: number;
  /** What it turned out to be; a list for a whole input shape. */
  readonly value?: number | KnownShape;
  /** Present with `value`: the row of the printed table that told it. */
  readonly inferredFrom?: string;
  /** Where it is used: layer and argument. */
  readonly usedBy: readonly { readonly layer: string; readonly argument: string }[];
}

/** An option that the code does not write and that is not what Keras would take: a printed count tells it. */
export interface LearnedOption {
  readonly layer: string;
  /** The layer's name in the printed table. */
  readonly row: string;
  /** As Keras spells it: `reset_after`. */
  readonly option: string;
  readonly value: boolean;
  /** The printed count that has it so. */
  readonly params: number;
  /** The count with the option's other value: what TensorFlow 2 gives where `value` is false. */
  readonly otherwise: number | undefined;
}

/** A model found in code. */
export interface CodeModel {
  readonly name: string;
  /** What `model.to_json()` gives and `modelFromConfig` takes; arguments that are not known are left out, unknown input sizes are null. */
  readonly config: SerializedObject;
  /** Arguments of compile() and fit() that can be written as JSON. */
  readonly compile?: { readonly [argument: string]: Json };
  readonly fit?: { readonly [argument: string]: Json };
  /** Arguments of the summary() call that can be written as JSON. */
  readonly summary?: { readonly [argument: string]: Json };
  /** Where its summary is printed, else where it is made. */
  readonly cell: number;
  readonly line: number;
  /** False where Keras did not know its sizes yet when the summary was printed (`?` in Keras 3). */
  readonly built: boolean;
  /** True where nothing that `unknowns` lists is left without a value. */
  readonly complete: boolean;
  readonly unknowns: readonly NamedUnknown[];
  /** What the printed rows tell of options that the code leaves to Keras's version. */
  readonly learned: readonly LearnedOption[];
  readonly printedSummary?: ParsedSummary;
  /** True where the code that makes the model is not shown, or only in part: what is known of it are its printed rows. */
  readonly printedOnly?: boolean;
}

export interface CodeReading {
  readonly format: DocumentFormat;
  readonly kerasVersion: KerasVersion;
  readonly models: readonly CodeModel[];
  /** What was not understood and therefore skipped, in order. */
  readonly problems: readonly Problem[];
  /** Of all models; a name is listed once for each value that it has in them. */
  readonly unknowns: readonly NamedUnknown[];
  /** Names in `set` that the code does not leave open, with the name that may have been meant; also told in `problems`. */
  readonly unusedSettings: readonly { readonly name: string; readonly hint: string | undefined }[];
}
