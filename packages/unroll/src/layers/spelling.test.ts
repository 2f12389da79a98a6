import { describe, expect, it } from "vitest";
import { layers, layerTypes } from "./index.ts";
import { messageOf } from "./testing.ts";

/** As JavaScript without types would. */
const named = (name: string): string => messageOf(() => (layers as Readonly<Record<string, unknown>>)[name]);

describe("layers", () => {
  it("says how a layer is called here that is named as in Keras", () => {
    expect(named("LSTM")).toBe("layers: there is none named LSTM. It is layers.lstm here.");
    for (const className of layerTypes.keys()) expect(named(className)).toContain("It is layers.");
    expect(named("simpleRnn")).toBe("layers: there is none named simpleRnn. It is layers.simpleRNN here.");
    expect(named("Lsmt")).toContain("Did you mean lstm?");
    expect(named("Lambda")).toMatch(/^layers: there is none named Lambda\. /);
  });

  it("is otherwise what it holds", () => {
    expect(layers.lstm.type.className).toBe("LSTM");
    expect(Object.keys(layers)).toHaveLength(layerTypes.size);
    expect("lstm" in layers).toBe(true);
    // What tools look for is nothing, as in any object.
    for (const name of ["then", "toJSON", "nodeType"]) expect(named(name)).toBe("no error");
    expect(String(Object.prototype.toString.call(layers))).toContain("object");
  });
});
