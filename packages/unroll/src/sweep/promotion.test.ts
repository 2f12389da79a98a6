import { describe, expect, it } from "vitest";
import { type Known, promoteInOrder, promoteTogether } from "./promotion.ts";

const scores = [9, 3, 8, 3, 7, 1, 6, 2, 5];

describe("halving together", () => {
  it("waits for every score, then takes the best third, of equal ones the first", () => {
    expect(promoteTogether([...scores.slice(0, 8), undefined], 3)).toEqual([]);
    expect(promoteTogether(scores, 3)).toEqual([5, 7, 1]);
    expect(promoteTogether([4, 4, 4], 3)).toEqual([0]);
  });

  it("takes no trial that failed, and at least one that did not", () => {
    expect(promoteTogether([null, 7], 3)).toEqual([1]);
    expect(promoteTogether([null, null, null], 3)).toEqual([]);
  });
});

describe("halving one by one", () => {
  it("lets a trial go on while others are open", () => {
    // Of the first three the second is best; of the first six the sixth; of the first eight the eighth is second.
    expect(promoteInOrder([9, 3, 8, undefined], 3, false)).toEqual([1]);
    expect(promoteInOrder(scores, 3, true)).toEqual([1, 5, 7]);
  });

  it("takes one that was just outside when there is room for more", () => {
    // 1 is best of three, 2 second of six.
    expect(promoteInOrder([1, 2, 3, 4, 5], 3, false)).toEqual([0]);
    expect(promoteInOrder([1, 2, 3, 4, 5, 6], 3, false)).toEqual([0, 1]);
  });

  it("decides nothing behind a place that is open, so that it does not matter who arrives first", () => {
    const all: Known[] = [...scores, null, 4, 0, 8, null, 2, 1];
    for (let open = 0; open < all.length; open++) {
      const some = all.map((score, place) => (place >= open && place % 2 === open % 2 ? undefined : score));
      const sooner = promoteInOrder(some, 3, false);
      expect(promoteInOrder(all, 3, true).slice(0, sooner.length)).toEqual(sooner);
      expect(sooner).toEqual(promoteInOrder(all.slice(0, open), 3, false));
    }
  });

  it("lets the best one go on where there are too few for a share", () => {
    expect(promoteInOrder([5, 4], 3, false)).toEqual([]);
    expect(promoteInOrder([5, 4], 3, true)).toEqual([1]);
    expect(promoteInOrder([null, null], 3, true)).toEqual([]);
  });
});
