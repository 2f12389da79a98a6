import { expect, it } from "vitest";
import { FilesHere, fileNameIn } from "./files.ts";

it("finds a file again by its place in the address, also beside another of the same name", () => {
  const files = new FilesHere();
  const places = ["a", "b"].map((source) => files.keep({ source, name: "my.model.keras" }));
  expect(places.map((place) => files.find(place)?.source)).toEqual(["a", "b"]);
  expect(places.map(fileNameIn)).toEqual(["my.model.keras", "my.model.keras"]);
  expect(files.find("elsewhere.my.model.keras")).toBeUndefined();
});

it("keeps the latest eight, and fewer of large ones, but always the newest", () => {
  const files = new FilesHere();
  const places = Array.from({ length: 10 }, (_, at) => files.keep({ source: String(at), name: "" }));
  expect(places.map((place) => files.find(place)?.source)).toEqual([
    ...[undefined, undefined],
    ...["2", "3", "4", "5", "6", "7", "8", "9"],
  ]);
  const huge = { length: 300_000_000 } as Uint8Array; // its length is all that is read
  const place = files.keep({ source: huge, name: "huge.h5" });
  expect([...places, place].filter((one) => files.find(one) !== undefined)).toEqual([place]);
});
