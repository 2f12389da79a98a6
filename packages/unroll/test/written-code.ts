/** Writes the code of every case for scripts/write-model-code.mjs; fixtures/check_written_code.py runs it. */
import { UnrollError } from "../src/core/errors.ts";
import type { Tensor } from "../src/core/tensor.ts";
import { toKerasPython } from "../src/formats/code-keras.ts";
import { toNumpy } from "../src/formats/code-numpy.ts";
import { type CodeCase, kerasCodeCases, layerCodeCases } from "./code-cases.ts";

export interface WrittenCase {
  readonly id: string;
  readonly numpy: string;
  /** Left out where Keras has no such layer or function. */
  readonly keras?: string;
  readonly inputs: readonly { readonly shape: readonly number[]; readonly data: readonly number[] }[];
  readonly expected: WrittenCase["inputs"];
}

export function writtenCases(): WrittenCase[] {
  return [...kerasCodeCases(), ...layerCodeCases()].map((one) => ({ ...numpyCase(one), ...kerasCode(one) }));
}

/** The NumPy code with the numbers to run it on. */
export function numpyCase({ id, model, inputs, expected }: CodeCase): WrittenCase {
  const plain = ({ shape, data }: Tensor) => ({ shape, data: [...data] });
  const timesteps = inputs[0]!.shape[1]!;
  return { id, numpy: toNumpy(model, { timesteps }), inputs: inputs.map(plain), expected: expected.map(plain) };
}

function kerasCode({ model }: CodeCase): { keras?: string } {
  try {
    return { keras: toKerasPython(model, { weights: "inline" }) };
  } catch (error) {
    if (error instanceof UnrollError && error.code === "unsupported") return {};
    throw error;
  }
}
