import { afterEach, describe, expect, it, vi } from "vitest";
import { Variable } from "../../core/variable.ts";
import { inputValue, map, random, reduce, weightValue } from "../../program/builder.ts";
import type { Program } from "../../program/program.ts";
import { splitProgram } from "./split.ts";
import { threadsRefusal } from "./start.ts";

afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

const scale = new Variable("scale", [], Float32Array.of(3));

/** `[batch, 4]` times a weight. */
function scaled(batch: number): Program {
  const x = inputValue("x", [batch, 4]);
  return { inputs: [x], results: [map([x, weightValue(scale)], ([a, b]) => a!.times(b!))], updates: [] };
}

const request = { examples: 6, batchSize: 32, threads: 2, smallestPart: 1, programFor: scaled };
const numbers = Float32Array.from({ length: 24 }, (_, i) => i);

describe("a split program", () => {
  it("puts the parts together again and takes up changed weights in each", () => {
    const program = splitProgram(request)!;
    expect(program.batch).toBe(6);
    expect([...program.run([numbers])[0]!.data]).toEqual([...numbers].map((x) => 3 * x));
    scale.assign([5]);
    expect(program.run([numbers])[0]).toEqual({ shape: [6, 4], data: numbers.map((x) => 5 * x) });
    scale.assign([3]);
    program.release();
  });

  it("counts the memory of all parts", () => {
    const [two, three] = [2, 3].map((threads) => splitProgram({ ...request, threads, examples: 2 * threads })!);
    expect(two!.memory.bytes).toBe(2 * 65536);
    expect(three!.memory.bytes).toBe(3 * 65536);
    expect(two!.memory.variables.get(scale)).toBe(2 * 4);
    for (const program of [two!, three!]) program.release();
  });

  it("uses only as many threads as have enough to do", () => {
    // 20 examples of 4 multiplications are enough for three parts of 24.
    const program = splitProgram({ ...request, examples: 20, threads: 8, smallestPart: 24 })!;
    expect(program.threads).toBe(3);
    program.release();
    expect(splitProgram({ ...request, smallestPart: 13 })).toBeUndefined();
    expect(splitProgram({ ...request, smallestPart: undefined })).toBeUndefined();
    expect(splitProgram({ ...request, examples: 1 })).toBeUndefined();
  });

  it("is refused where parts would not be the whole: states, random numbers, results without examples", () => {
    const state = new Variable("state", [], Float32Array.of(0));
    const programs: ((batch: number) => Program)[] = [
      (batch) => ({ ...scaled(batch), updates: [{ variable: state, value: weightValue(scale) }] }),
      (batch) => {
        const x = inputValue("x", [batch, 4]);
        return { inputs: [x], results: [map([x, random([batch, 4], "normal")], ([a, b]) => a!.plus(b!))], updates: [] };
      },
      (batch) => {
        const x = inputValue("x", [batch, 4]);
        return { inputs: [x], results: [reduce("sum", x, [0, 1])], updates: [] };
      },
    ];
    for (const programFor of programs) expect(splitProgram({ ...request, programFor })).toBeUndefined();
  });

  it("is refused in a page that is not isolated, on a page's own thread, and without workers", () => {
    vi.stubGlobal("SharedArrayBuffer", undefined);
    expect(threadsRefusal()).toBe("this page is not cross-origin isolated");
    expect(splitProgram(request)).toBeUndefined();
    vi.unstubAllGlobals();
    vi.spyOn(Atomics, "wait").mockImplementation(() => {
      throw new TypeError("Atomics.wait cannot be called in this context");
    });
    expect(threadsRefusal()).toBe("a page's own thread may not wait for others, a worker may");
    expect(splitProgram(request)).toBeUndefined();
    vi.restoreAllMocks();
    vi.spyOn(process, "getBuiltinModule").mockReturnValue(undefined as never);
    expect(threadsRefusal()).toBe("there are no workers here");
    vi.restoreAllMocks();
    expect(threadsRefusal()).toBeUndefined();
  });

  it("leaves it to one thread when the machine has no memory for the parts", () => {
    vi.spyOn(WebAssembly, "Memory").mockImplementation(function refuse() {
      throw new RangeError("WebAssembly.Memory(): could not allocate memory");
    });
    expect(splitProgram(request)).toBeUndefined();
  });
});
