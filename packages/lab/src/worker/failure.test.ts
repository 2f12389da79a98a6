import { zipSync } from "fflate";
import { expect, it } from "vitest";
import { failureOf } from "./failure.ts";
import { UnrollError } from "./library.ts";
import { Session } from "./session.ts";

const said = (source: string | Uint8Array, name?: string): Promise<string> =>
  new Session().open({ source, seed: 7, ...(name === undefined ? {} : { name }) }).then(
    ({ error }) => error ?? "",
    (error) => failureOf(error).message,
  );
const code = (layers: string): string => `model = Sequential([Input((30, 5)), ${layers}, Dense(1)])`;

it("asks nobody who opens a file to write a program", async () => {
  // 40 MiB of zeros in some 40 kB, as no model is.
  const bomb = zipSync({ "config.json": new Uint8Array(40 * 2 ** 20) });
  const refusal = await said(bomb, "m.keras");
  expect(refusal).toContain("an entry may unpack to 100 times its packed size at most");
  expect(refusal).toMatch(/This looks like a decompression bomb\.$/);
  expect(await said('{"class_name":"Sequential","config":[]}')).toMatch(/yet\. Begin with an input layer\.$/);
});

it("spells options as the code beside them does, and leaves what was written alone", async () => {
  expect(await said(code("Reshape((7, 7))"))).toContain("target_shape must hold the input's 150 values");
  expect(await said(code("LSTM(4, kernel_initializer='myOwn')"))).toMatch(
    /kernel_initializer must be an initializer\. Received: kernel_initializer = "?myOwn/,
  );
  const own = { code: "option", path: "myLayer", expected: "build(inputShape) comes first" } as const;
  expect(failureOf(new UnrollError(own)).message).toContain("myLayer: ");
});

it("lists the layers of code with a Lambda, and says what is not known", async () => {
  const opened = await new Session().open({ source: code("LSTM(4), Lambda(lambda x: x)"), seed: 7 });
  expect(opened.error).toMatch(/^lambda: what this Lambda computes is not known.* Write it as layers\.$/);
  expect(opened.partial.map(({ className }) => className)).toContain("LSTM");
});
