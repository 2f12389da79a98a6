import { expect, it } from "vitest";
import { type Alignable, align } from "./align.ts";

const layersOf = (text: string): Alignable[] =>
  text.split(" ").map((className) => ({ className, isRecurrent: /RNN|GRU|LSTM/.test(className) }));

it("puts equal stacks row by row", () => {
  expect(align([layersOf("LSTM Dense"), layersOf("LSTM Dense")])).toEqual([
    [0, 0],
    [1, 1],
  ]);
});

it("puts another recurrent layer in the same row", () => {
  expect(align([layersOf("LSTM Dense"), layersOf("GRU Dense")])).toEqual([
    [0, 0],
    [1, 1],
  ]);
});

it("gives a layer that only one model has a row of its own", () => {
  expect(align([layersOf("LSTM Dense"), layersOf("Conv1D LSTM Dropout Dense")])).toEqual([
    [undefined, 0],
    [0, 1],
    [undefined, 2],
    [1, 3],
  ]);
});

it("never pairs layers that are not alike", () => {
  expect(align([layersOf("Dense"), layersOf("LSTM")]).every((row) => row.includes(undefined))).toBe(true);
});

it("lines a third model up with rows that only the second has", () => {
  expect(align([layersOf("LSTM"), layersOf("Conv1D LSTM"), layersOf("Conv1D GRU Dense")])).toEqual([
    [undefined, 0, 0],
    [0, 1, 1],
    [undefined, undefined, 2],
  ]);
});

it("pairs the first of several that would do", () => {
  expect(align([layersOf("GRU Dense"), layersOf("GRU GRU SimpleRNN Dense")])).toEqual([
    [0, 0],
    [undefined, 1],
    [undefined, 2],
    [1, 3],
  ]);
});
