/**
 * Predictions that must be waited for: on the GPU. A model's programs stay prepared, as those of `predict` do, and are made anew
 * when the GPU was lost.
 */
import { type Gpu, GpuProgram, gpuRefusal, openGpu } from "../compiler/webgpu/index.ts";
import { UnrollError } from "../core/errors.ts";
import type { Tensor } from "../core/tensor.ts";
import { type Operation, operationsInOrder, type Value } from "../program/program.ts";
import type { ModelData } from "./data.ts";
import type { Graph } from "./graph.ts";
import type { Model } from "./model.ts";
import type { ModelProgram, PredictOptions } from "./model-options.ts";
import { type DataRequest, forExamples, putRows, rows } from "./plan.ts";

/** Prepared programs kept for a model; the one not used for longest goes first. */
const keptPrograms = 8;

interface Kept {
  readonly batch: number;
  /** Shapes of one example of each input, as text. */
  readonly shapes: string;
  readonly gpu: Gpu;
  readonly program: Promise<GpuProgram>;
  /** Predictions that use it now. */
  users: number;
}

/** The last used one at the end. A model that changes its layers has another graph. */
const programs = new WeakMap<Graph, Kept[]>();

/** See Model.predictAsync. */
export async function predictAsync(
  model: Model,
  x: ModelData,
  options: PredictOptions = {},
): Promise<Tensor | Tensor[]> {
  if (options.device !== "webgpu") return model.predict(x, options);
  const request = model.request(x, options, (written) => written);
  const kept = programFor(model.graph, request, await openGpu());
  kept.users++;
  try {
    const results = await runBatches(request.tensors, await kept.program, kept.batch);
    return results.length === 1 ? results[0]! : results;
  } finally {
    kept.users--;
  }
}

async function runBatches(tensors: readonly Tensor[], program: GpuProgram, batch: number): Promise<Tensor[]> {
  const examples = tensors[0]!.shape[0]!;
  const results: Tensor[] = [];
  for (let start = 0; start < Math.max(1, examples); start += batch) {
    const count = Math.min(batch, examples - start);
    const done = await program.run(tensors.map((input) => rows(input, start, count, batch)));
    putRows(results, done, { start, count, examples });
  }
  return results;
}

function programFor(graph: Graph, request: DataRequest<ModelProgram>, gpu: Gpu): Kept {
  const batch = Math.max(1, Math.min(request.batchSize, request.tensors[0]!.shape[0]!));
  const shapes = JSON.stringify(request.tensors.map(({ shape }) => shape.slice(1)));
  const usable = (programs.get(graph) ?? []).filter((kept) => kept.gpu === gpu);
  const known = usable.find((kept) => kept.batch === batch && kept.shapes === shapes);
  const chosen = known ?? { batch, shapes, gpu, program: compile(request, batch, gpu), users: 0 };
  const order = [...usable.filter((kept) => kept !== chosen), chosen];
  const idle = order.filter((kept) => kept !== chosen && kept.users === 0);
  const tooMany = idle.slice(0, Math.max(0, order.length - keptPrograms));
  for (const old of tooMany) {
    old.program.then(
      (program) => program.release(),
      () => {},
    );
  }
  programs.set(
    graph,
    order.filter((kept) => !tooMany.includes(kept)),
  );
  // What could not be made is not kept.
  chosen.program.catch(() =>
    programs.set(
      graph,
      programs.get(graph)!.filter((kept) => kept !== chosen),
    ),
  );
  return chosen;
}

async function compile(request: DataRequest<ModelProgram>, batch: number, gpu: Gpu): Promise<GpuProgram> {
  const written = request.programFor(batch);
  refuse(written, request.path);
  try {
    return await GpuProgram.compile(written.program, gpu);
  } catch (error) {
    throw forExamples(error, request.path, batch);
  }
}

/** Throws UnrollError `unsupported`, with the layer that the GPU has no way to compute. */
function refuse({ program, calls }: ModelProgram, path: string): void {
  const seen = new Set<Operation>();
  const check = (values: readonly Value[], where: string): void => {
    for (const operation of operationsInOrder(values)) {
      if (seen.has(operation)) continue;
      seen.add(operation);
      const reason = gpuRefusal(operation);
      if (reason === undefined) continue;
      throw new UnrollError({
        code: "unsupported",
        path: where,
        expected: `device "webgpu" has no way to compute ${reason}`,
        hint: "Leave the device out to run in WebAssembly.",
      });
    }
  };
  for (const { call, outputs } of calls) check(outputs, call.layer.name);
  check([...program.results, ...program.updates.map(({ value }) => value)], path);
}
