/** A model as the page shows it: layers, arrays and derivations, formulas already written as MathML by the library. */

export type Shape = readonly (number | null)[];

/** A formula as it is shown, said and copied. */
export interface FormulaView {
  readonly mathml: string;
  readonly text: string;
  /** Of a long sum its terms, so that it can go on in the next line. */
  readonly terms?: readonly FormulaView[];
}

/** An equation, and its right side taken apart, so that it can stand below each other as a sum. */
export interface EquationView extends FormulaView {
  /** The function around the sum: "tanh"; empty for none. */
  readonly call: string;
  readonly sum: readonly { readonly negative: boolean; readonly formula: FormulaView }[];
}

export interface LetterView {
  readonly name: string;
  readonly value: number | null;
  readonly meaning: string;
  readonly from: string;
}

export interface DerivationView {
  readonly title: string;
  readonly letters: readonly LetterView[];
  readonly formula: FormulaView;
  /** Numbers put in, then one level of arithmetic a line; the last is the result. */
  readonly steps: readonly FormulaView[];
  readonly result: number | null;
  readonly latex: string;
}

/** A term of a count: an array, or a layer inside. */
export interface TermView {
  /** "kernel" */
  readonly title: string;
  /** In letters, then with its numbers put in. */
  readonly formula: FormulaView;
  readonly numbers: FormulaView;
  readonly result: number | null;
}

/** Windows over the timesteps, where only whole ones count: which of them a layer sees, and how many rows are left over. */
export interface WindowsView {
  readonly timesteps: number;
  readonly size: number;
  readonly stride: number;
  readonly count: number;
  /** Rows at the end that fill no window. */
  readonly dropped: number;
}

/** An array of a layer for drawing to scale. */
export interface ArrayView {
  readonly name: string;
  readonly shape: readonly number[];
  /** Gates, each an equal block of columns; empty where there are none. */
  readonly blocks: readonly string[];
  readonly size: number;
  readonly trainable: boolean;
}

export interface LayerView {
  readonly name: string;
  readonly className: string;
  readonly does: string;
  readonly inputs: readonly { readonly from: string; readonly shape: Shape }[];
  readonly outputs: readonly { readonly shape: Shape; readonly axes: readonly DerivationView[] }[];
  readonly count: DerivationView;
  /** What the count adds up. */
  readonly terms: readonly TermView[];
  readonly windows: WindowsView | undefined;
  readonly arrays: readonly ArrayView[];
  readonly gates: readonly string[];
  readonly equations: readonly (FormulaView & { readonly name: string; readonly sentence: string })[];
  readonly remarks: readonly string[];
  readonly options: readonly { readonly name: string; readonly value: string }[];
  readonly inside: readonly LayerView[];
}

export interface ModelView {
  readonly name: string;
  readonly layers: readonly LayerView[];
  readonly total: DerivationView;
  readonly nonTrainable: number;
  /** Byte for byte what Keras prints. */
  readonly summary: string;
  readonly inputShape: Shape;
  /** Layers with a cell, in running order. */
  readonly cells: readonly string[];
  readonly device: string;
  readonly hasWeights: boolean;
}

/** A line of a summary. */
export interface PrintedLine {
  readonly name: string;
  readonly className: string;
  /** As it is printed; undefined where it is not known. */
  readonly shape: string | undefined;
  readonly count: number | null;
}

/** A line of a printed summary and the model's own beside it; undefined where one of them has none. */
export interface PrintedRow {
  readonly there: PrintedLine | undefined;
  readonly here: PrintedLine | undefined;
  readonly differs: { readonly className: boolean; readonly shape: boolean; readonly count: boolean };
  /** True for a line of the model behind the end of a table that was cut off. */
  readonly cutOff: boolean;
  /** What makes them differ, each in a few words; several where they tie. */
  readonly causes: readonly string[];
}

export interface PrintedView {
  readonly rows: readonly PrintedRow[];
  readonly total: { readonly there: number | null; readonly here: number | null };
  /** True where the end of the table, with its total, is missing. */
  readonly cut: boolean;
  /** What the model has because the table says so, where the code leaves it open; whole sentences. */
  readonly learned: readonly string[];
}

/** One of the models that a document builds, beside the summary that is printed of it. */
export interface FoundModelView {
  /** "cell 12" or "line 40" */
  readonly place: string;
  readonly total: number | null;
  /** Why it cannot be built; empty where it can. */
  readonly error: string;
  readonly printed: PrintedView | undefined;
  /** True where no code makes it: its printed rows are all that is known. */
  readonly printedOnly: boolean;
}

/** A number in a notebook's arithmetic, comments or prose that is wrong, and why. */
export interface AuditFindingView {
  /** "cell 12, line 3" */
  readonly place: string;
  /** The line that says it. */
  readonly text: string;
  /** As written: a count or a shape. */
  readonly given: string;
  readonly expected: string;
  /** The layer that it speaks of; empty where it is none of the open model. */
  readonly layer: string;
  /** What was taken for what. */
  readonly reasons: readonly string[];
}

export interface AuditView {
  readonly findings: readonly AuditFindingView[];
  /** Numbers and shapes that were checked and are right. */
  readonly confirmed: number;
}
