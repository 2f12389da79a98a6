import { expect, it } from "vitest";
import { letter } from "../equations/expr.ts";
import { sizeValue } from "./sizes.ts";

// As of a model whose layers each join the one before with itself. Every level doubles the work where parts are not shared: 27
// of them take seconds then.
it("a formula that is read twice by the next is worked out once", () => {
  let size = letter("i", 3, "features", "an input");
  for (let level = 0; level < 27; level++) size = size.plus(size);
  expect(sizeValue(size)).toBe(3 * 2 ** 27);
}, 2000);
