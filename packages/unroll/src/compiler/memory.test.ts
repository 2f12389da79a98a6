import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { largestMemory, newBuffer, placeBuffers } from "./memory.ts";

const lifetimes = fc.array(
  fc.record({
    bytes: fc.integer({ min: 0, max: 700 }),
    lasting: fc.boolean(),
    first: fc.integer({ min: -1, max: 9 }),
    length: fc.nat(5),
  }),
  { minLength: 1, maxLength: 25 },
);

describe("placing buffers", () => {
  it("never lets two buffers meet that are needed at the same time, and keeps addresses aligned", () => {
    fc.assert(
      fc.property(lifetimes, (list) => {
        const buffers = list.map(({ bytes, lasting, first, length }, i) => {
          const buffer = newBuffer(`b${i}`, bytes, lasting, first);
          buffer.lastStep = first + length;
          return buffer;
        });
        const plan = placeBuffers(buffers, largestMemory);
        for (const [i, a] of buffers.entries()) {
          expect(a.address % (a.bytes >= 256 ? 64 : 16)).toBe(0);
          expect(a.address + a.bytes).toBeLessThanOrEqual(plan.pages * 65536 - 16);
          for (const b of buffers.slice(i + 1)) {
            const together = a.lasting || b.lasting || !(a.lastStep < b.firstStep || b.lastStep < a.firstStep);
            const meet =
              a.address < b.address + b.bytes && b.address < a.address + a.bytes && a.bytes > 0 && b.bytes > 0;
            expect(together && meet).toBe(false);
          }
        }
      }),
    );
  });

  it("gives memory to a second buffer when the first is done with it", () => {
    const first = newBuffer("first", 1024, false, 0);
    const second = newBuffer("second", 1024, false, 1);
    expect(placeBuffers([first, second], largestMemory).temporaryBytes).toBe(1024);
  });

  it("lays lasting buffers one after the other in the order given", () => {
    const buffers = [20, 300, 16].map((bytes, i) => newBuffer(`w${i}`, bytes, true, -1));
    placeBuffers(buffers, largestMemory);
    expect(buffers.map(({ address }) => address)).toEqual([0, 64, 368]);
  });

  it("refuses more than the limit and names the largest buffer", () => {
    const buffers = [newBuffer("small", 100, false, 0), newBuffer("states", 3 * 2 ** 20, false, 0)];
    expect(() => placeBuffers(buffers, 2 ** 20)).toThrow(/fit into 1 MiB.*states takes 3 MiB/);
  });
});
