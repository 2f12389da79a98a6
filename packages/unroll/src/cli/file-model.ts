/** What the command line knows of one model of a file, whatever kind of file it is. */
import type { UnrollError } from "../core/errors.ts";
import type { Tensor } from "../core/tensor.ts";
import type { Repair } from "../explain/repairs/index.ts";
import type { CodeModel } from "../formats/python/index.ts";
import type { Model } from "../model/model.ts";

/** A model of a file. */
export interface FileModel {
  readonly name: string;
  /** Undefined where it cannot be built; then `error` says why. */
  readonly model: Model | undefined;
  readonly error: UnrollError | undefined;
  /** Edits that make its layers fit together, where they do not. */
  readonly repairs: readonly Repair[];
  readonly hasWeights: boolean;
  /** Where it stands in code. */
  readonly code: CodeModel | undefined;
  /** What Keras was given and what it predicted, in a recorded case. */
  readonly inputs: readonly Tensor[] | undefined;
  readonly outputs: readonly Tensor[] | undefined;
}
