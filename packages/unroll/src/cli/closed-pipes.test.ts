import { EventEmitter } from "node:events";
import { describe, expect, it } from "vitest";
import { endWhenClosed } from "./closed-pipes.ts";

describe("a stream that its reader closes", () => {
  it.each([
    ["stdout", "EPIPE", 0],
    ["stderr", "EPIPE", 141],
    ["stdout", "EIO", 2],
    ["stderr", "EIO", 2],
  ] as const)("ends the program: %s, %s, code %i", (name, code, wanted) => {
    const streams = { stdout: new EventEmitter(), stderr: new EventEmitter() };
    const codes: number[] = [];
    endWhenClosed(streams, (given) => codes.push(given));
    // Without a listener this throws, as the program would.
    streams[name].emit("error", Object.assign(new Error(code), { code }));
    expect(codes).toEqual([wanted]);
  });
});
