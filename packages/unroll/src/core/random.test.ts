import { expect, test } from "vitest";
import { Random } from "./random.ts";

test("the words are xoshiro128++'s", () => {
  const random = new Random([1, 2, 3, 4]);
  // The authors' C program, from the same state.
  const words = [641, 1573767, 3222811527, 3517856514, 836907274, 4247214768, 3867114732, 1355841295];
  expect(words.map(() => random.nextUint32())).toEqual(words);
});

test.each([0, 1, 2, 7, 512, 1023, 1024, 3001])("an array of %i is filled as by single draws", (count) => {
  for (const before of [0, 1]) {
    const [filling, drawing] = [new Random(5), new Random(5)];
    // A normal number drawn before leaves its second half.
    for (let i = 0; i < before; i++) expect(filling.normal()).toBe(drawing.normal());
    const normal = new Float64Array(count);
    filling.fillNormal(normal, 0.25, 3);
    expect([...normal]).toEqual(Array.from(normal, () => drawing.normal(0.25, 3)));
    expect(filling.normal()).toBe(drawing.normal());
    const uniform = new Float64Array(count);
    filling.fillUniform(uniform, -2, 3);
    expect([...uniform]).toEqual(Array.from(uniform, () => drawing.uniform(-2, 3)));
    expect(filling.state).toEqual(drawing.state);
  }
});
