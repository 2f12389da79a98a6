import { expect, it } from "vitest";
import { inOrder, kindOf } from "./file-order.ts";

it("opens models before weights, in the order in which they came", () => {
  const names = ["m.weights.h5", "data.csv", "b.py", "a.keras", "m.h5", "net.safetensors"];
  expect(inOrder(names.map((name) => ({ name }))).map(({ name }) => name)).toEqual([
    "b.py",
    "a.keras",
    "m.h5",
    "m.weights.h5",
    "net.safetensors",
    "data.csv",
  ]);
});

it("knows kinds by the ends of names, capitals or not", () => {
  expect(["A.PY", "x.ipynb", "x.keras", "x.H5", "x.csv", "noend"].map(kindOf)).toEqual([
    "code",
    "code",
    "model",
    "weights",
    "table",
    "model",
  ]);
});
