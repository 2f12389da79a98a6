import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type Code,
  choose,
  f32,
  f32x4,
  i32,
  i32x4,
  ModuleBuilder,
  supportsRelaxedSimd,
  tee,
  v128,
} from "./assembler.ts";
import { ByteWriter } from "./bytes.ts";
import { wasmMachine } from "./machine.ts";
import { toWat } from "./wat.ts";

type Exports = Record<string, (...numbers: number[]) => number>;

function instantiate(module: ModuleBuilder): { exports: Exports; memory: Float32Array } {
  module.useMemory({ pages: 1 });
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(module.toBytes()));
  return {
    exports: exports as unknown as Exports,
    memory: new Float32Array((exports.memory as WebAssembly.Memory).buffer),
  };
}

/** Runs `code(f)` on four floats at address 0 and gives the four floats it makes. */
function onVector(code: (x: Code<"v128">) => Code<"v128">, input: number[]): number[] {
  const module = new ModuleBuilder(wasmMachine(false));
  module.func({ name: "run", export: true }, (f) => f.do(v128.store(16, code(v128.load(0)))));
  const { exports, memory } = instantiate(module);
  memory.set(input);
  exports.run!();
  return [...memory.subarray(4, 8)];
}

describe("the byte writer", () => {
  it("writes unsigned LEB128 that reads back as the same number", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 40 }), (value) => {
        const out = new ByteWriter();
        out.unsigned(value);
        const read = [...out.view()].reduce((sum, byte, i) => sum + (byte & 0x7f) * 2 ** (7 * i), 0);
        expect(read).toBe(value);
        expect(out.view().at(-1)! & 0x80).toBe(0);
      }),
    );
  });
});

describe("the assembler", () => {
  it("keeps every 32-bit constant", () => {
    fc.assert(
      fc.property(fc.integer(), (value) => {
        const module = new ModuleBuilder(wasmMachine(false));
        module.func({ name: "get", result: "i32", export: true }, (f) => f.return(i32.const(value)));
        expect(instantiate(module).exports.get!()).toBe(value);
      }),
      { numRuns: 50 },
    );
  });

  it("calls functions with named parameters", () => {
    const module = new ModuleBuilder(wasmMachine(false));
    const twice = module.func({ name: "twice", parameters: { x: "f32" }, result: "f32" }, (f, { x }) =>
      f.return(f32.add(x, x)),
    );
    module.func({ name: "run", parameters: { a: "f32", b: "f32" }, result: "f32", export: true }, (f, { a, b }) =>
      f.return(f32.sub(f.callResult(twice, a), b)),
    );
    expect(instantiate(module).exports.run!(5, 3)).toBe(7);
  });

  it("counts loops from start to end by step, for known and for unknown bounds", () => {
    const module = new ModuleBuilder(wasmMachine(false));
    module.func({ name: "unknown", parameters: { start: "i32", end: "i32" }, result: "i32", export: true }, (f, p) => {
      const index = f.i32("index");
      const sum = f.i32("sum");
      f.forLoop(index, p.start, p.end, 3, () => f.set(sum, i32.add(i32.mul(sum, 10), index)));
      f.return(sum);
    });
    const bounds = [
      [0, 0],
      [0, 1],
      [1, 8],
      [2, 3],
      [5, 2],
    ] as const;
    for (const [start, end] of bounds) {
      module.func({ name: `known${start}to${end}`, result: "i32", export: true }, (f) => {
        const index = f.i32();
        const sum = f.i32();
        f.forLoop(index, start, end, 3, () => f.set(sum, i32.add(i32.mul(sum, 10), index)));
        f.return(sum);
      });
    }
    const { exports } = instantiate(module);
    for (const [start, end] of bounds) {
      let sum = 0;
      for (let index = start; index < end; index += 3) sum = sum * 10 + index;
      expect(exports.unknown!(start, end)).toBe(sum);
      expect(exports[`known${start}to${end}`]!()).toBe(sum);
    }
  });

  it("runs the while form with its empty loop while the condition holds", () => {
    const module = new ModuleBuilder(wasmMachine(false));
    module.func({ name: "sum", parameters: { n: "i32" }, result: "i32", export: true }, (f, { n }) => {
      const sum = f.i32();
      f.whileLoop(i32.gtS(n, 0), () => {
        f.set(sum, i32.add(sum, n));
        f.increase(n, -1);
      });
      f.return(sum);
    });
    const { exports } = instantiate(module);
    expect(exports.sum!(0)).toBe(0);
    expect(exports.sum!(100)).toBe(5050);
    expect(toWat(module)).toContain("(loop $loop2)");
  });

  it("branches out of nested blocks to the label that was named", () => {
    const module = new ModuleBuilder(wasmMachine(false));
    module.func({ name: "run", parameters: { x: "i32" }, result: "i32", export: true }, (f, { x }) => {
      f.block((outer) => {
        f.block((inner) => {
          f.branch(inner, i32.eq(x, 1));
          f.if(
            i32.eq(x, 2),
            () => f.branch(outer),
            () => f.return(i32.const(30)),
          );
        });
        f.return(i32.const(10));
      });
      f.return(i32.const(20));
    });
    const { exports } = instantiate(module);
    expect([1, 2, 3].map((x) => exports.run!(x))).toEqual([10, 20, 30]);
  });

  it("does arithmetic, comparison and selection in four lanes", () => {
    const x = [1, -2, 3.5, 100];
    expect(onVector((v) => f32x4.sub(f32x4.mul(v, 2), 1), x)).toEqual([1, -5, 6, 199]);
    expect(onVector((v) => v128.bitselect(v, f32x4.const(0), f32x4.gt(v, 2)), x)).toEqual([0, 0, 3.5, 100]);
    expect(onVector((v) => f32x4.convertI32x4(i32x4.truncSatF32x4(v)), x)).toEqual([1, -2, 3, 100]);
    expect(onVector(() => f32x4.convertI32x4(i32x4.shl(i32x4.const([1, 2, 3, -4]), i32.const(2))), x)).toEqual([
      4, 8, 12, -16,
    ]);
    expect(onVector((v) => f32x4.replaceLane(v, 2, f32x4.extractLane(v, 1)), x)).toEqual([1, -2, -2, 100]);
  });

  it("shuffles words of two vectors", () => {
    expect(onVector((v) => v128.shuffle(v, f32x4.const([5, 6, 7, 8]), [3, 0, 4, 7]), [1, 2, 3, 4])).toEqual([
      4, 1, 5, 8,
    ]);
  });

  it("loads and stores single lanes", () => {
    const module = new ModuleBuilder(wasmMachine(false));
    module.func({ name: "run", export: true }, (f) => {
      const v = f.let(v128.load32Lane(8, v128.load32Zero(0), 2));
      f.do(v128.store(32, v));
      f.do(v128.store32Lane(48, v, 2));
      f.do(v128.store64Lane(52, v128.load(0), 1));
    });
    const { exports, memory } = instantiate(module);
    memory.set([1, 2, 3, 4]);
    exports.run!();
    expect([...memory.subarray(8, 16)]).toEqual([1, 0, 3, 0, 3, 3, 4, 0]);
  });

  it("loads a vector constant once, at function entry, also when it is first used inside a loop", () => {
    const module = new ModuleBuilder(wasmMachine(false));
    const run = module.func({ name: "run", parameters: { n: "i32" }, export: true }, (f, { n }) => {
      const i = f.i32("i");
      f.forLoop(i, 0, n, 1, () => f.do(v128.store(0, f32x4.add(v128.load(0), f.splat(0.5)))));
      f.do(v128.store(16, f.splat(0.5)));
    });
    const { exports, memory } = instantiate(module);
    exports.run!(4);
    expect([...memory.subarray(0, 8)]).toEqual([2, 2, 2, 2, 0.5, 0.5, 0.5, 0.5]);
    expect(toWat(module, run).match(/v128\.const/g)).toHaveLength(1);
  });

  it("tells zero from minus zero among constants", () => {
    const module = new ModuleBuilder(wasmMachine(false));
    module.func({ name: "run", export: true }, (f) => {
      f.do(v128.store(0, f.splat(0)));
      f.do(v128.store(16, f.splat(-0)));
    });
    const { exports, memory } = instantiate(module);
    exports.run!();
    expect(Object.is(memory[0], 0)).toBe(true);
    expect(Object.is(memory[4], -0)).toBe(true);
  });

  it("multiplies and adds, fused or not, with the operands in this order", () => {
    for (const relaxed of supportsRelaxedSimd() ? [true, false] : [false]) {
      const module = new ModuleBuilder(wasmMachine(relaxed));
      module.func({ name: "run", export: true }, (f) => {
        f.do(v128.store(0, f.madd(f32x4.const(2), f32x4.const(3), f32x4.const(10))));
        f.do(v128.store(16, f.nmadd(f32x4.const(2), f32x4.const(3), f32x4.const(10))));
      });
      const { exports, memory } = instantiate(module);
      exports.run!();
      expect([memory[0], memory[4]]).toEqual([16, 4]);
    }
  });

  it("has globals, data, tee and a select", () => {
    const module = new ModuleBuilder(wasmMachine(false));
    const count = module.global("count", "i32", i32.const(40));
    module.data(64, new Uint8Array(new Float32Array([1.5]).buffer));
    module.func({ name: "run", parameters: { up: "i32" }, result: "f32", export: true }, (f, { up }) => {
      const next = f.i32("next");
      f.do(count.set(choose(tee(next, i32.add(count.get(), 1)), i32.const(0), up)));
      f.return(f32.add(f32.convertI32(next), f32.load(64)));
    });
    const { exports } = instantiate(module);
    expect(exports.run!(1)).toBe(42.5);
    expect(exports.run!(0)).toBe(43.5);
    expect(exports.run!(1)).toBe(2.5);
  });

  it("imports a shared memory", () => {
    const module = new ModuleBuilder(wasmMachine(false));
    module.func({ name: "run", export: true }, (f) => f.do(f32.store(8, f32.const(7))));
    module.useMemory({ pages: 1, maximumPages: 2, shared: true, from: ["plan", "memory"] });
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 2, shared: true });
    const instance = new WebAssembly.Instance(new WebAssembly.Module(module.toBytes()), { plan: { memory } });
    (instance.exports.run as () => void)();
    expect(new Float32Array(memory.buffer)[2]).toBe(7);
  });

  it("prints text that a person can read", () => {
    const module = new ModuleBuilder(wasmMachine(false));
    const scale = module.func({ name: "scale", parameters: { source: "i32" }, export: true }, (f, { source }) => {
      const i = f.i32("i");
      f.comment("sixteen numbers, four at a time");
      f.forLoop(i, 0, 64, 16, () => {
        const at = i32.add(source, i);
        f.do(v128.store(at, f32x4.mul(v128.load(at), f.splat(0.5))));
      });
    });
    expect(toWat(module, scale)).toMatchInlineSnapshot(`
      "(func $scale (export "scale") (param $source i32)
        (local $i i32) (local $f32_0.5_ v128)
        (local.set $f32_0.5_ (v128.const f32x4 0.5 0.5 0.5 0.5))
        ;; sixteen numbers, four at a time
        (local.set $i (i32.const 0))
        (loop $loop0
          (v128.store align=4 (i32.add (local.get $source) (local.get $i)) (f32x4.mul (v128.load align=4 (i32.add (local.get $source) (local.get $i))) (local.get $f32_0.5_)))
          (local.set $i (i32.add (local.get $i) (i32.const 16)))
          (br_if $loop0 (i32.lt_u (local.get $i) (i32.const 64)))
        )
      )"
    `);
  });
});
