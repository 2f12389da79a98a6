/** The engines beside WebAssembly on one thread: the float64 reference, native code and threads; for the GPU it says which call has it. Importing this file adds them. */
import { compileProgram, divideProgram, nativeTarget, splitProgram, threadsRefusal } from "../compiler/index.ts";
import { UnrollError } from "../core/errors.ts";
import type { Random } from "../core/random.ts";
import type { Tensor, TensorData } from "../core/tensor.ts";
import { evaluateProgram } from "../program/evaluate.ts";
import type { Program } from "../program/program.ts";
import { provideEngines } from "./run.ts";
import { provideSplitter } from "./threads.ts";

provideEngines({
  native: (program, recompute) => compileProgram(program, { target: nativeTarget, recompute }),
  webgpu: () => {
    throw new UnrollError({
      code: "unsupported",
      path: "device",
      expected: 'the numbers of device "webgpu" must be waited for',
      hint: 'Predict with await model.predictAsync(x, { device: "webgpu" }); it does not train.',
    });
  },
  reference: (program) => ({ run: (inputs, random) => runReference(program, inputs, random) }),
});
provideSplitter({
  refusal: threadsRefusal,
  split(request, device) {
    if (device === "reference" || device === "webgpu") return undefined;
    return splitProgram(device === "native" ? { ...request, target: nativeTarget } : request);
  },
  divide(request, device) {
    if (device === "reference" || device === "webgpu") return undefined;
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
