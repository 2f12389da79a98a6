import { setTimeout as pause } from "node:timers/promises";
import { afterEach, describe, expect, it, vi } from "vitest";
import { UnrollError } from "../../core/errors.ts";
import { Variable } from "../../core/variable.ts";
import { inputValue, map, random, reduce, weightValue } from "../../program/builder.ts";
import type { Program } from "../../program/program.ts";
import { f32, i32, ModuleBuilder } from "../assembler.ts";
import { Compiled, type SharedInstance, wasmTarget } from "../compile.ts";
import { addressOf } from "../layout.ts";
import { memoryModule, type Plan } from "../plan.ts";
import { Helper } from "./helper.ts";
import { sharedMemories } from "./shared.ts";
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

  it("is refused where an example's numbers depend on the others, as one thread gives them", () => {
    const shares = (batch: number): Program => {
      const x = inputValue("x", [batch, 4]);
      return { inputs: [x], results: [map([x, reduce("sum", x, [0])], ([a, sum]) => a!.over(sum!))], updates: [] };
    };
    expect(splitProgram({ ...request, programFor: shares })).toBeUndefined();
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

  it("runs a part again that threw in a worker", async () => {
    // Overwrites the inputs, says so in a word that no plan reaches, and traps.
    const module = new ModuleBuilder();
    module.useMemory({ pages: 1, maximumPages: 1, shared: true, from: [memoryModule, "memory"] });
    const said = 65532;
    const words: Int32Array[] = [];
    const share = (plan: Plan, count: number): SharedInstance[] => {
      module.func({ name: "run", export: true }, (f) => {
        f.do(f32.store(addressOf(plan.inputs[0]!), 99));
        f.do(i32.store(said, 1));
        f.do(i32.store(65536, 1));
      });
      const trapping = new WebAssembly.Module(module.toBytes());
      return sharedMemories(plan, count).map((instance) => {
        const { memory } = instance.code as { memory: WebAssembly.Memory }; // what sharedMemories gives
        words.push(new Int32Array(memory.buffer));
        return { ...instance, code: { module: trapping, memory } };
      });
    };
    const program = splitProgram({ ...request, target: { ...wasmTarget, share } })!;
    const expected = numbers.map((x) => 3 * x);
    const trapped = (): boolean => words[1]![said / 4] === 1;
    for (const end = Date.now() + 20_000; !trapped() && Date.now() < end; await pause(1)) {
      expect(program.run([numbers])[0]!.data).toEqual(expected);
    }
    expect(trapped()).toBe(true);
    expect(program.helped).toBe(0);
    program.release();
  });

  it("does not run any more when a worker has died in the middle of a part", () => {
    const program = splitProgram(request)!;
    vi.spyOn(Helper.prototype, "takeBack").mockReturnValue(false);
    vi.spyOn(Helper.prototype, "finish").mockImplementation(() => {
      throw new UnrollError({ code: "aborted", path: "threads", expected: "no answer" });
    });
    expect(() => program.run([numbers])).toThrow("no answer");
    vi.restoreAllMocks();
    expect(() => program.run([numbers])).toThrow("no answer");
    program.release();
  });

  it("waits for the workers also where its own part throws", () => {
    const program = splitProgram(request)!;
    vi.spyOn(Helper.prototype, "takeBack").mockReturnValue(false);
    const finish = vi.spyOn(Helper.prototype, "finish").mockReturnValue(true);
    vi.spyOn(Compiled.prototype, "execute").mockImplementation(() => {
      throw new RangeError("Maximum call stack size exceeded");
    });
    expect(() => program.run([numbers])).toThrow("call stack");
    expect(finish).toHaveBeenCalledTimes(1);
    program.release();
  });

  it("leaves it to one thread when the machine has no memory for the parts", () => {
    vi.spyOn(WebAssembly, "Memory").mockImplementation(function refuse() {
      throw new RangeError("WebAssembly.Memory(): could not allocate memory");
    });
    expect(splitProgram(request)).toBeUndefined();
  });
});
