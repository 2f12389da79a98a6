/** What the bench takes for the least work of each of its workloads, counted by hand. */
import { expect, it } from "vitest";
import { floorsOf } from "../../../bench/floors.ts";

// A multiply-add a nanosecond is two operations; a sigmoid takes half a nanosecond, a tangent a quarter.
const floors = new Map(floorsOf({ flops: 2, sigmoid: 2, tanh: 4 }).map((floor) => [floor.id, floor]));

it.each([
  // One example, 10 timesteps, 5 tangents in each.
  ["W1", 0, 10 * 5],
  // 32 examples, 21 timesteps, 30 units with three sigmoids and two tangents each; with relu no tangents.
  ["W2", 32 * 21 * 30 * 3, 32 * 21 * 30 * 2],
  ["W2relu", 32 * 21 * 30 * 3, 0],
  ["W2gru", 32 * 21 * 30 * 2, 32 * 21 * 30],
  // Two GRUs, then a SimpleRNN that ends the sequence.
  ["W3", 32 * 30 * (4 + 2) * 2, 32 * 30 * (4 + 2 + 25)],
  // A convolution and a pooling leave 10 of 21 timesteps; the last of four LSTMs ends the sequence.
  ["W4", 32 * 10 * (30 + 40 + 50 + 60) * 3, 32 * 10 * (30 + 40 + 50 + 60) * 2],
  // Two of both leave 4; an LSTM in both directions is two of them.
  ["W5", 32 * 4 * (2 * (30 + 60 + 10) * 3 + 40 * 2), 32 * 4 * (2 * (30 + 60 + 10) * 2 + 40)],
])("%s calls so many sigmoids and hyperbolic tangents", (id, sigmoids, tanhs) => {
  expect(floors.get(id)).toMatchObject({ sigmoids, tanhs });
  expect(floors.get(id)!.functions).toBeCloseTo((sigmoids / 2 + tanhs / 4) / 1e6, 12);
});

it.each([
  ["W1", 10 * (3 + 5) * 5 + 5 * 2],
  ["W2", 32 * (21 * (9 + 30) * 120 + 30)],
  ["W6", 64 * (100 * (64 + 256) * 1024 + 256)],
])("%s has so many multiply-adds", (id, count) => {
  expect(floors.get(id)!.products).toBeCloseTo(count / 1e6, 12);
});
