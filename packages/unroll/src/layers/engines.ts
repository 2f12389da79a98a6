/** The engines beside WebAssembly on one thread: the float64 reference, native code and threads. Importing this file adds them. */
import { compileProgram, divideProgram, nativeTarget, splitProgram, threadsRefusal } from "../compiler/index.ts";
import type { Random } from "../core/random.ts";
import type { Tensor, TensorData } from "../core/tensor.ts";
import { evaluateProgram } from "../program/evaluate.ts";
import type { Program } from "../program/program.ts";
import { provideEngines } from "./run.ts";
import { provideSplitter } from "./threads.ts";

provideEngines({
  native: (program, recompute) => compileProgram(program, { target: nativeTarget, recompute }),
  reference: (program) => ({ run: (inputs, random) => runReference(program, inputs, random) }),
});
provideSplitter({
  refusal: threadsRefusal,
  split(request, device) {
    if (device === "reference") return undefined;
    return splitProgram(device === "native" ? { ...request, target: nativeTarget } : request);
  },
  divide(request, device) {
    if (device === "reference") return undefined;
    return divideProgram(device === "native" ? { ...request, target: nativeTarget } : request);
  },
});

function runReference(program: Program, inputs: readonly TensorData[], random: Random): Tensor[] {
  const evaluation = evaluateProgram(program, inputs, { random });
  const tensors = evaluation.results.map((data, index) => ({
    shape: [...program.results[index]!.shape],
    data: Float32Array.from(data),
  }));
  for (const { variable, value } of program.updates) variable.assign(evaluation.valueOf(value));
  return tensors;
}
