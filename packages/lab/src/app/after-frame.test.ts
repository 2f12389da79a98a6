import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { afterFrame } from "./after-frame.ts";

let frames: (() => void)[] = [];
/** A frame is drawn, and the tasks behind it are done. */
function draw(): void {
  const now = frames;
  frames = [];
  for (const frame of now) frame();
  vi.advanceTimersByTime(1);
}
beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("requestAnimationFrame", (frame: () => void) => frames.push(frame));
  vi.stubGlobal("cancelAnimationFrame", (id: number) => {
    frames[id - 1] = () => undefined;
  });
});
afterEach(() => {
  // What is left over waits for no later test.
  vi.advanceTimersByTime(10_000);
  frames = [];
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

it("does one piece behind each frame, in order", () => {
  const done: string[] = [];
  for (const name of ["a", "b"]) afterFrame(() => done.push(name));
  expect(done).toEqual([]);
  draw();
  expect(done).toEqual(["a"]);
  draw();
  expect(done).toEqual(["a", "b"]);
});

it("leaves out what was called off, and goes on with what a piece adds", () => {
  const done: string[] = [];
  afterFrame(() => {
    done.push("a");
    afterFrame(() => done.push("c"));
  });
  afterFrame(() => done.push("b"))();
  draw();
  draw();
  expect(done).toEqual(["a", "c"]);
});

it("waits for no frame for ever: a page behind others draws none", () => {
  const done: string[] = [];
  for (const name of ["a", "b"]) afterFrame(() => done.push(name));
  vi.advanceTimersByTime(1000);
  expect(done).toEqual(["a", "b"]);
});
