import { expect, it } from "vitest";
import type { TrainProgress } from "../worker/protocol.ts";
import { CompareNews } from "./compare-news.ts";

const at = (epoch: number, done = false): TrainProgress => ({ epoch, done }) as TrainProgress; // what is read of it

it("takes the end of a run for that of no other, as where one that trains is started again", async () => {
  const news = new CompareNews();
  const heard: number[] = [];
  const first = news.follow(
    async (id) => `cut ${id}`,
    () => {},
  );
  const second = news.follow(
    async (id) => `cut ${id}`,
    ({ epoch }) => heard.push(epoch),
  );
  // The second ends the first.
  news.tell({ id: 1, progress: at(3, true) });
  expect(await first).toMatchObject({ id: 1, started: "cut 1", end: { epoch: 3 } });
  news.tell({ id: 2, progress: at(1) });
  news.tell({ id: 2, progress: at(8, true) });
  expect(await second).toMatchObject({ id: 2, started: "cut 2", end: { epoch: 8 } });
  expect(heard).toEqual([1, 8]);
});

it("hears an end that is told before the start is answered", async () => {
  const news = new CompareNews();
  const start = async (id: number): Promise<string> => {
    news.tell({ id, progress: at(1, true) });
    return "cut";
  };
  expect((await news.follow(start, () => {}))?.end.epoch).toBe(1);
});

it("hears no more of a run that could not be started", async () => {
  const news = new CompareNews();
  const heard: number[] = [];
  const told = ({ epoch }: TrainProgress): unknown => heard.push(epoch);
  expect(await news.follow(async () => undefined, told)).toBeUndefined();
  await expect(news.follow(() => Promise.reject(new Error("no worker")), told)).rejects.toThrow("no worker");
  for (const id of [1, 2]) news.tell({ id, progress: at(1) });
  expect(heard).toEqual([]);
});
