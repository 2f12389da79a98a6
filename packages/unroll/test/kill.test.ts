import { expect, test } from "vitest";
// @ts-expect-error the script has no types
import { killTest } from "../../../scripts/kill.mjs";

test("a run that is killed at random moments and resumed leaves the bits of one that was not", {
  timeout: 240_000,
}, async () => {
  const { killed, differing, leftovers } = await killTest({ kills: 2, device: "wasm" });
  expect(killed).toBe(2);
  expect({ differing, leftovers }).toEqual({ differing: 0, leftovers: 0 });
});
