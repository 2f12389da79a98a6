/** The built lab in a real Chromium, for a file of tests. Without a Chromium they say so and are skipped. */
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findChromium } from "../../../scripts/chromium.mjs";
import { openLab } from "./browser.mjs";
import { type Lab, labOn } from "./visit.ts";

/** A lab that is served, with the browser that looks at it: both are there while tests run. */
export interface ServedLab extends Lab {
  readonly browser: Browser;
  readonly url: string;
}

/** Tests of the lab, which end with the question whether any page met an error. */
export function describeLab(title: string, tests: (lab: ServedLab) => void): void {
  const chromium = findChromium();
  if (chromium === undefined) {
    console.warn(`SKIPPED: ${title} needs Chromium (apt-get install chromium, or CHROMIUM=path).`);
  }
  describe.skipIf(chromium === undefined)(title, () => {
    let served: Awaited<ReturnType<typeof openLab>>;
    const lab = labOn(
      () => served.browser,
      () => served.url,
    );
    beforeAll(async () => {
      served = await openLab();
    }, 180_000);
    afterAll(() => served?.close());

    tests({
      ...lab,
      get browser() {
        return served.browser;
      },
      get url() {
        return served.url;
      },
    });

    it("has met no error on any page", () => {
      expect(lab.problems).toEqual([]);
    });
  });
}
