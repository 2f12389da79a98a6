/**
 * A page of Debian's Chromium with WebGPU, for tests: on a GPU where the machine has one, else on a software adapter (SwiftShader).
 * Plans are made here and run there, by the library's own runner, so that every fixture can be asked.
 */
import { type Browser, chromium, type Page } from "playwright-core";
import { findChromium } from "../../../scripts/chromium.mjs";
import type { GpuPlan } from "../src/compiler/webgpu/gpu-plan.ts";
import { servePage, source } from "./page.ts";

export interface GpuPage {
  /** In the driver's words. */
  readonly adapter: string;
  readonly page: Page;
  /** Runs a plan once on new memory. */
  run(plan: GpuPlan, weights: readonly Float32Array[], inputs: readonly Float32Array[]): Promise<Float32Array>;
  close(): Promise<void>;
}

/** What the page's script puts where tests can call it. */
const script = `
  import { openGpu } from ${source("compiler/webgpu/gpu.ts")};
  import { openRunner } from ${source("compiler/webgpu/gpu-runner.ts")};
  globalThis.unroll = () => import(${source("index.ts")});
  // The browser says so a little later.
  globalThis.loseGpu = async () => (await openGpu()).device.destroy();
  globalThis.adapter = async () => (await openGpu()).name;
  // Numbers travel as base64 of their bytes: JSON has no infinities, and is slow.
  const numbersOf = (text) => new Float32Array(Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer);
  const textOf = (numbers) => {
    let letters = "";
    for (const byte of new Uint8Array(numbers.buffer)) letters += String.fromCharCode(byte);
    return btoa(letters);
  };
  globalThis.runPlan = async (plan, writes) => {
    const runner = await openRunner(plan, await openGpu());
    const given = writes.map(({ address, text }) => ({ address, numbers: numbersOf(text) }));
    const numbers = await runner.run(given, { prepare: true });
    runner.release();
    return textOf(numbers);
  };
`;

function textOf({ buffer, byteOffset, byteLength }: Float32Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString("base64");
}

/** The page, or why there is none: words that go behind "because". */
export async function openGpuPage(): Promise<GpuPage | { readonly missing: string }> {
  const executablePath = findChromium();
  if (executablePath === undefined) return { missing: "there is no Chromium" };
  const served = await servePage({ page: script });
  let browser: Browser | undefined;
  const close = async (): Promise<void> => {
    await browser?.close();
    await served.close();
  };
  try {
    browser = await chromium.launch({
      executablePath,
      args: [
        "--no-sandbox",
        "--enable-unsafe-webgpu",
        "--enable-features=Vulkan",
        "--use-webgpu-adapter=swiftshader",
        "--use-vulkan=swiftshader",
      ],
    });
    const page = await browser.newPage();
    await page.goto(served.url);
    const adapter = await page.evaluate<string>("adapter()");
    return {
      adapter,
      page,
      close,
      async run(plan, weights, inputs) {
        const writes = [
          ...plan.weights.map(({ address }, i) => ({ address, text: textOf(weights[i]!) })),
          ...plan.inputs.flatMap((span, i) =>
            span === undefined ? [] : [{ address: span.address, text: textOf(inputs[i]!) }],
          ),
        ];
        const bytes = Buffer.from(
          await page.evaluate<string>(`runPlan(${JSON.stringify(plan)}, ${JSON.stringify(writes)})`),
          "base64",
        );
        return new Float32Array(Uint8Array.from(bytes).buffer);
      },
    };
  } catch (error) {
    await close();
    return { missing: String((error as Error).message).split("\n")[0]! };
  }
}
