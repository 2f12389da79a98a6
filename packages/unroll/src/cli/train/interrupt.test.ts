import { describe, expect, it } from "vitest";
import { listenForInterrupt } from "./interrupt.ts";

const listeners = (): readonly number[] => [process.listenerCount("SIGINT"), process.listenerCount("SIGTERM")];

describe("listenForInterrupt", () => {
  it.each(["SIGINT", "SIGTERM"] as const)("aborts at the first %s, and leaves the second to the system", (name) => {
    const before = listeners();
    let told = 0;
    const { signal } = listenForInterrupt(() => told++);
    expect(listeners()).toEqual(before.map((count) => count + 1));
    expect(signal.aborted).toBe(false);
    process.emit(name);
    expect({ told, aborted: signal.aborted }).toEqual({ told: 1, aborted: true });
    // Without a listener of ours the system ends the process.
    expect(listeners()).toEqual(before);
  });

  it("gives Ctrl-C back when the run is over", () => {
    const before = listeners();
    const { signal, release } = listenForInterrupt(() => {});
    release();
    expect(listeners()).toEqual(before);
    expect(signal.aborted).toBe(false);
  });
});
