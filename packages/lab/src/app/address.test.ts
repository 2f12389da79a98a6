import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { LateAddress } from "./address.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function written(): { readonly address: LateAddress; readonly hashes: string[] } {
  const hashes: string[] = [];
  return { address: new LateAddress((hash) => hashes.push(hash)), hashes };
}

it("writes the last of many changes, once they rest", () => {
  const { address, hashes } = written();
  for (let t = 0; t < 100; t++) {
    address.later(`#/step?t=${t}`);
    vi.advanceTimersByTime(16);
  }
  expect(hashes).toEqual([]);
  vi.advanceTimersByTime(1000);
  expect(hashes).toEqual(["#/step?t=99"]);
});

it("writes at once when asked, and only once", () => {
  const { address, hashes } = written();
  address.later("#/step?t=3");
  address.settle();
  expect(hashes).toEqual(["#/step?t=3"]);
  address.settle();
  vi.advanceTimersByTime(1000);
  expect(hashes).toEqual(["#/step?t=3"]);
});

it("writes nothing that was overtaken by a move elsewhere", () => {
  const { address, hashes } = written();
  address.later("#/step?t=3");
  address.forget();
  address.settle();
  vi.advanceTimersByTime(1000);
  expect(hashes).toEqual([]);
});
