/**
 * The GPU's numbers beside the reference's and Keras's, on whatever adapter a Chromium of this machine gives: most often a software
 * one. Every seventh case of Keras's layers runs here, and with UNROLL_GPU_CASES=all every one.
 */
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { defineCell } from "../src/cells/define.ts";
import { gru } from "../src/cells/gru.ts";
import { anyChoices, anySizes, cells, plain, type ScanCase, scanCase, simple } from "../src/compiler/scan-cases.ts";
import { numbers } from "../src/compiler/testing.ts";
import { planForGpu } from "../src/compiler/webgpu/gpu-plan.ts";
import { gpuRefusal } from "../src/compiler/webgpu/refusal.ts";
import { sizeOf } from "../src/core/shape.ts";
import { sigmoid, softmax, sparsemax, tanh } from "../src/equations/activations.ts";
import { type Expr, select } from "../src/equations/expr.ts";
import {
  concat,
  gather,
  inputValue,
  map,
  matmul,
  pad,
  reduce,
  reverse,
  slice,
  transpose,
} from "../src/program/builder.ts";
import { evaluateProgram } from "../src/program/evaluate.ts";
import { operationsInOrder, type Program, type Value } from "../src/program/program.ts";
import type { Numbers } from "./fixture-files.ts";
import {
  type CaseProgram,
  imageLayerCases,
  kerasLayerCases,
  type LayerCase,
  moreKerasLayerCases,
  runLayerCaseBy,
  toFloat32,
} from "./fixture-layers.ts";
import { asLayerCase, goldenLayerCases } from "./golden-layers.ts";
import { type GpuPage, openGpuPage } from "./gpu-page.ts";

const opened = await openGpuPage();
const refusal = "missing" in opened ? opened.missing : undefined;
if (refusal !== undefined) console.warn(`SKIPPED: the GPU's numbers are not tested, because ${refusal}.`);
const gpu = opened as GpuPage; // every test that uses it is skipped where it is missing
afterAll(() => ("close" in opened ? opened.close() : undefined));

/** A cell that sees its output of eight steps before. */
const delayLine = defineCell({
  kind: "DelayLine",
  gates: ["h"],
  state: ["h", "a", "b", "c", "d", "e", "f", "g"],
  equations: ({ x, state: { h, a, b, c, d, e, f, g }, gate, act }) => ({
    h: act.main(gate.h(x, g)),
    ...{ a: h, b: a, c: b, d: c, e: d, f: e, g: f },
  }),
});

/** A device's memory that every test fits into. */
const limit = 2 ** 27;

/** The program's results on the GPU, then its variables' new numbers, one behind the other. */
async function runOnGpu(program: Program, data: readonly Float32Array[]): Promise<Float32Array> {
  const { plan, variables } = planForGpu(program, limit);
  return gpu.run(
    plan,
    variables.map((variable) => variable.data),
    data,
  );
}

interface Case {
  readonly name: string;
  readonly results: readonly Value[];
}

/** Compares a run of all cases in one program with the reference. */
async function expectReference(
  cases: readonly Case[],
  inputs: readonly Value[],
  data: readonly Float32Array[],
  tolerance: number,
): Promise<void> {
  const results = cases.flatMap((one) => one.results);
  const names = cases.flatMap(({ name, results }) => results.map((_, i) => `result ${i} of ${name}`));
  const program: Program = { inputs: [...inputs], results, updates: [] };
  const expected = evaluateProgram(program, [...data]).results;
  const actual = await runOnGpu(program, data);
  let at = 0;
  for (const [i, wanted] of expected.entries()) {
    for (const [j, want] of wanted.entries()) {
      const got = actual[at++]!;
      const isEqual = Math.abs(got - want) <= tolerance * Math.max(1, Math.abs(want));
      if (!isEqual) expect.fail(`${names[i]}, [${results[i]!.shape}] element ${j}: ${got} instead of ${want}`);
    }
  }
  expect(at).toBe(actual.length);
}

function expectScans(all: readonly { readonly name: string; readonly scan: ScanCase }[], tolerance = 5e-6) {
  return expectReference(
    all.map(({ name, scan }) => ({ name, results: scan.results })),
    all.flatMap(({ scan }) => scan.inputs),
    all.flatMap(({ scan }) => scan.data),
    tolerance,
  );
}

describe.skipIf(refusal !== undefined)("on the GPU", { timeout: 120_000 }, () => {
  it("scans of any size, mask, direction, states and factors give the numbers of the reference", async () => {
    const any = fc.tuple(fc.constantFrom(...Object.keys(cells)), anySizes, anyChoices);
    const scans = fc.sample(any, { numRuns: 24, seed: 7 }).map(([name, sizes, choices]) => ({
      name: `${name} ${JSON.stringify(sizes)} ${JSON.stringify(choices)}`,
      scan: scanCase(cells[name]!, sizes, choices),
    }));
    await expectScans(scans);
  });

  it("scans whose activation needs the whole row give the numbers of the reference", async () => {
    const sizes = { batch: 3, timesteps: 3, features: 4, units: 13 };
    const scans = [softmax, sparsemax].map((activation) => ({
      name: `GRU with ${activation.name}`,
      scan: scanCase(gru.graph({ ...plain, activation, recurrentActivation: sigmoid }), sizes, simple),
    }));
    await expectScans(scans);
  });

  it("scans whose last workgroup has fewer examples leave what lies behind their results as it is", async () => {
    // 256 invocations take 15 examples of 17 units: 15 and 5.
    const sizes = { batch: 20, timesteps: 3, features: 2, units: 17 };
    const scan = scanCase(cells.LSTM!, sizes, { ...simple, returnSequences: false });
    // Computed before, and a little smaller than a state, so that it lies behind the last one.
    const y = inputValue("y", [19, 17]);
    const behind = map([y], ([a]) => a!.times(2));
    await expectReference(
      [
        { name: "what lies behind", results: [behind] },
        { name: "LSTM", results: scan.results },
      ],
      [y, ...scan.inputs],
      [numbers(19 * 17), ...scan.data],
      5e-6,
    );
  });

  it("scans whose states do not fit into a workgroup's memory give the numbers of the reference", async () => {
    // Eight states, each before and after a step: 16 × 260 numbers an example are more than 4096.
    const sizes = { batch: 3, timesteps: 12, features: 2, units: 260 };
    const choices = { ...simple, mask: true, initial: true };
    await expectScans([{ name: "delay line", scan: scanCase(delayLine.graph(plain), sizes, choices) }]);
  });

  it("every other operation gives the numbers of the reference, where tiles end in every way", async () => {
    const functions: Record<string, (a: Expr, b: Expr) => Expr> = {
      exp: (a) => a.times(8).exp().minus(a),
      log: (a) => a.times(a).plus(0.1).log(),
      "log of small and large": (a) => a.times(40).exp().log(),
      tanh: (a) => tanh.body(a.times(6)),
      sigmoid: (a) => sigmoid.body(a.times(60)),
      softmax: (a) => softmax.body(a),
      sparsemax: (a) => sparsemax.body(a),
      "sparsemax of equal elements": (a) => sparsemax.body(a.floor()),
      erf: (a) => a.times(3).erf(),
      sqrt: (a) => a.abs().sqrt(),
      powers: (a, b) => a.power(3).plus(b.abs().plus(1).power(-0.5)),
      rounded: (a) => a.times(3).floor().plus(a.ceil()).plus(a.sign()),
      chosen: (a, b) => select(a.lessThan(b), a.max(0.3), b.min(0.4)),
      compared: (a, b) => a.atMost(b).plus(a.floor().equals(b.floor())),
      divide: (a, b) => a.over(b.times(b).plus(1)),
      negated: (a, b) => a.negated().minus(b.negated()).minus(-0.25),
    };
    const cases: Case[] = [];
    const inputs: Value[] = [];
    const give = (name: string, result: Value): void => void cases.push({ name, results: [result] });
    for (const width of [1, 16, 17]) {
      const x = inputValue(`x${width}`, [3, width]);
      const y = inputValue(`y${width}`, [3, width]);
      const square = inputValue(`square${width}`, [width, 5]);
      const stack = inputValue(`stack${width}`, [2, width, 3]);
      const ids = inputValue(`ids${width}`, [4]);
      inputs.push(x, y, square, stack, ids);
      for (const [name, of] of Object.entries(functions)) {
        give(
          name,
          map([x, y], ([a, b]) => of(a!, b!)),
        );
      }
      for (const axes of [[0], [1], [0, 1]]) {
        for (const kind of ["sum", "max"] as const) give(kind, reduce(kind, x, axes));
      }
      give("product", matmul(x, square));
      give("transposed product", matmul(transpose(x, [1, 0]), y));
      give("product by a transposed matrix", matmul(x, y, { transposeB: true }));
      give("products of stacks", matmul(stack, stack, { transposeA: true }));
      give(
        "product with bias and activation",
        map([matmul(x, square), slice(square, 0, 0, 1)], ([p, b]) => p!.plus(b!).tanh()),
      );
      give(
        "reversed",
        map([reverse(x, 1), y], ([a, b]) => a!.minus(b!)),
      );
      give("pad", pad(x, [1, 2], [0, 3], -1));
      give("maximum of what is padded", reduce("max", pad(x, [1, 0], [0, 0], Number.NEGATIVE_INFINITY), [0]));
      give("concat", concat([x, y], 1));
      give("gather", gather(y, ids));
    }
    const data = inputs.map(({ shape }, i) =>
      shape.length === 1 ? Float32Array.of(2, 0, 1.9, 7) : numbers(sizeOf(shape), i + 1),
    );
    await expectReference(cases, inputs, data, 3e-6);
  });

  it("arrays of more elements than a row of workgroups has are whole", async () => {
    const x = inputValue("x", [3]);
    const count = 64 * 65535 + 1000;
    const long = map([pad(x, [0], [count - 3], 0.5)], ([a]) => a!.times(2).plus(1));
    const end = slice(long, 0, count - 5, count);
    await expectReference([{ name: "the end", results: [end, slice(long, 0, 0, 5)] }], [x], [numbers(3)], 1e-6);
  });
});

/** Runs a case's program on the GPU. */
async function runCase({ program, inputs }: CaseProgram): Promise<readonly Numbers[]> {
  const values = [...program.results, ...program.updates.map(({ value }) => value)];
  const refused = operationsInOrder(values).map(gpuRefusal);
  expect(refused.filter((reason) => reason !== undefined)).toEqual([]);
  const found = await runOnGpu(program, inputs.map(toFloat32));
  let at = 0;
  const next = (shape: readonly number[]): Numbers => {
    const data = Float64Array.from(found.subarray(at, at + sizeOf(shape)));
    at += data.length;
    return { shape, data };
  };
  const results = program.results.map(({ shape }) => next(shape));
  for (const { variable } of program.updates) variable.assign(next(variable.shape).data);
  return results;
}

const every = process.env.UNROLL_GPU_CASES === "all" ? 1 : 7;
/** Cases that are sent together, so that shaders of one are compiled while another runs. */
const together = 8;

describe.skipIf(refusal !== undefined)("Keras's layers on the GPU", { timeout: 900_000 }, () => {
  it.each<[string, () => readonly LayerCase[]]>([
    ["layers", kerasLayerCases],
    ["masks, states, axes and formats", moreKerasLayerCases],
    ["images, volumes and the convolutional LSTM", imageLayerCases],
    [
      "other implementations",
      () => goldenLayerCases().flatMap((one) => (one.kind === "model" ? [] : [asLayerCase(one)])),
    ],
  ])("cases of %s give their numbers, masks and statistics", async (_, casesOf) => {
    const cases = casesOf().filter((_, i) => i % every === 0);
    const problems: string[] = [];
    for (let start = 0; start < cases.length; start += together) {
      const some = cases.slice(start, start + together);
      for (const { id, status, message } of await Promise.all(some.map((one) => runLayerCaseBy(one, runCase)))) {
        if (status !== "pass") problems.push(`${id}: ${message}`);
      }
    }
    expect(problems).toEqual([]);
    console.log(`${cases.length} cases on ${gpu.adapter}`);
  });
});
