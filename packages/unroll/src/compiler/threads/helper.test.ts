import { setTimeout as pause } from "node:timers/promises";
import { afterEach, describe, expect, it, vi } from "vitest";
import { i32, ModuleBuilder } from "../assembler.ts";
import { memoryModule } from "../plan.ts";
import { Helper } from "./helper.ts";

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

/** A module that adds 1 to the first word of its memory. */
const counter = (): WebAssembly.Module => {
  const module = new ModuleBuilder();
  module.useMemory({ pages: 1, maximumPages: 1, shared: true, from: [memoryModule, "memory"] });
  module.func({ name: "run", export: true }, (f) => f.do(i32.store(0, i32.add(i32.load(0), 1))));
  return new WebAssembly.Module(module.toBytes());
};

/** A module whose memory's first word is 1 once it has begun; then it traps, or runs for ever. */
function broken(how: "traps" | "hangs"): WebAssembly.Module {
  const module = new ModuleBuilder();
  module.useMemory({ pages: 1, maximumPages: 1, shared: true, from: [memoryModule, "memory"] });
  module.func({ name: "run", export: true }, (f) => {
    f.do(i32.store(0, 1));
    if (how === "traps") f.do(i32.store(65536, 1));
    else f.loop((again) => f.branch(again));
  });
  return new WebAssembly.Module(module.toBytes());
}

function sharedMemory(): { memory: WebAssembly.Memory; words: Int32Array } {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
  return { memory, words: new Int32Array(memory.buffer) };
}

/** Offers a part until the helper has begun it; false after 20 s. */
async function beginsPart(helper: Helper, part: number): Promise<boolean> {
  for (const end = Date.now() + 20_000; Date.now() < end; ) {
    helper.offer(part);
    await pause(2);
    if (!helper.takeBack(part)) return true;
  }
  return false;
}

/** The same until it has run it. */
async function runsPart(helper: Helper, part: number): Promise<boolean> {
  return (await beginsPart(helper, part)) && helper.finish(part, 20_000);
}

describe("a helper", () => {
  it("runs each offer once, and only parts that it knows", async () => {
    const helper = new Helper();
    const [first, second] = [sharedMemory(), sharedMemory()];
    helper.know(1, { module: counter(), memory: first.memory });
    helper.know(2, { module: counter(), memory: second.memory });
    expect(await runsPart(helper, 1)).toBe(true);
    expect(await runsPart(helper, 2)).toBe(true);
    expect(await runsPart(helper, 2)).toBe(true);
    expect([first.words[0], second.words[0]]).toEqual([1, 2]);
    helper.offer(3);
    await pause(50);
    expect(helper.takeBack(3)).toBe(true);
    helper.forget(1);
    helper.forget(2);
  });

  it("ends its worker with the last part, and starts another one when it is needed again", async () => {
    const helper = new Helper();
    const { memory, words } = sharedMemory();
    helper.know(1, { module: counter(), memory });
    expect(await runsPart(helper, 1)).toBe(true);
    helper.forget(1);
    helper.offer(1);
    await pause(50);
    expect(helper.takeBack(1)).toBe(true);
    helper.know(2, { module: counter(), memory });
    expect(await runsPart(helper, 2)).toBe(true);
    expect(words[0]).toBe(2);
    helper.forget(2);
  });

  it("forgets its last part even where shared memory cannot be had any more", () => {
    const helper = new Helper();
    helper.know(1, { module: counter(), memory: sharedMemory().memory });
    vi.stubGlobal("SharedArrayBuffer", undefined);
    helper.forget(1);
    helper.offer(1);
    expect(helper.takeBack(1)).toBe(true);
  });

  it("says when a part threw, and goes on with others", async () => {
    const helper = new Helper();
    const [bad, good] = [sharedMemory(), sharedMemory()];
    helper.know(1, { module: broken("traps"), memory: bad.memory });
    helper.know(2, { module: counter(), memory: good.memory });
    expect(await beginsPart(helper, 1)).toBe(true);
    expect(helper.finish(1, 20_000)).toBe(false);
    expect(bad.words[0]).toBe(1);
    expect(await runsPart(helper, 2)).toBe(true);
    expect(good.words[0]).toBe(1);
    helper.forget(1);
    helper.forget(2);
  });

  it("does not wait for ever for a worker that gives no answer, and starts another one for new parts", async () => {
    const helper = new Helper();
    const [bad, good] = [sharedMemory(), sharedMemory()];
    helper.know(1, { module: broken("hangs"), memory: bad.memory });
    expect(await beginsPart(helper, 1)).toBe(true);
    expect(() => helper.finish(1, 100)).toThrow(
      "threads: a worker must end the part of the batch that it began. Received: no answer for 1 s. Something has ended the worker. The next call starts another; threads = 1,",
    );
    helper.forget(1);
    helper.know(2, { module: counter(), memory: good.memory });
    expect(await runsPart(helper, 2)).toBe(true);
    helper.know(3, { module: broken("hangs"), memory: bad.memory });
    expect(await beginsPart(helper, 3)).toBe(true);
    expect(() => helper.finish(3, 100)).toThrow("no answer");
    // Nobody runs what the old worker knew; what is made known from now on, the new one does.
    helper.offer(2);
    expect(helper.takeBack(2)).toBe(true);
    helper.forget(3);
    helper.know(4, { module: counter(), memory: good.memory });
    expect(await runsPart(helper, 4)).toBe(true);
    expect(good.words[0]).toBe(2);
    helper.forget(2);
    helper.forget(4);
  });

  it("has everything given back where workers may not be started", () => {
    vi.spyOn(process, "getBuiltinModule").mockReturnValue({
      Worker: class {
        constructor() {
          throw new Error("Access to this API has been restricted");
        }
      },
    } as never);
    const helper = new Helper();
    helper.know(1, { module: counter(), memory: sharedMemory().memory });
    helper.offer(1);
    expect(helper.takeBack(1)).toBe(true);
    helper.forget(1);
  });
});
