/** What the browser tests share: a page on the built lab, which notes every error it meets. */
import { deflateRawSync } from "node:zlib";
import type { Browser, Page } from "playwright-core";

type ContextOptions = Parameters<Browser["newContext"]>[0];

/** Opens pages of the lab; close their context when done. */
export interface Lab {
  /** Opens a route such as `#/model?m=gru`, or a whole address, in a new context. */
  visit(hash: string, options?: ContextOptions): Promise<Page>;
  /** Messages of errors on any page. */
  readonly problems: string[];
}

export function labOn(browser: () => Browser, url: () => string): Lab {
  const problems: string[] = [];
  return {
    problems,
    async visit(hash, options = {}) {
      const context = await browser().newContext({ reducedMotion: "reduce", serviceWorkers: "block", ...options });
      const page = await context.newPage();
      page.on("pageerror", (error) => problems.push(error.message));
      page.on("console", (message) => {
        if (message.type() === "error") problems.push(message.text());
      });
      await page.goto(hash.startsWith("#") ? url() + hash : hash);
      return page;
    },
  };
}

/** A kept run as a link has it. */
const run = `run.${packed(JSON.stringify({ name: "slow", code: "model = Sequential([Input((12, 1)), LSTM(8), Dense(1)])", seed: 7, data: "nile", run: "e5,r0.001" }))}`;

/** Screens, each with what is there when all of it has come. */
export const everyScreen = [
  ["#/", ".hero .names a"],
  ["#/model?m=stack", ".scroll:has(tr.total) ~ .foot"],
  ["#/model?m=bidirectional", "tr.total"],
  [
    `#/model?s=${packed("a = Sequential([Input((30, 5)), GRU(4)])\nb = Sequential([LSTM(2), GRU(3)])")}`,
    ".refused .said",
  ],
  [`#/model?s=${packed("model = Sequential([Input((30, 5)), GRU(4), GRU(2), Dense(1)])")}`, ".notice"],
  ["#/count/lstm?m=lstm", "h1:has-text('160')"],
  ["#/count/gru?m=gru&ask=1", "h1:has-text('How many')"],
  ["#/step/lstm?m=lstm&t=2", "figure:has-text('What it remembers') .bar"],
  ["#/step/gru?m=gru&t=29&back=1", "figure:has-text('What is left')"],
  ["#/step/lstm?m=lstm&t=2&gate=f&f32=1", ".rounding dl"],
  ["#/step?m=bidirectional&t=4&units=3,9-12", ".merge .sum"],
  ['#/step?m=gru&t=4&gate=z&edits=[["w",0,"kernel",[0,0],2],["x",20,1]]', ".lanes .ghost"],
  [`#/step?s=${packed("model = Sequential([Input((300, 2)), LSTM(4), Dense(1)])")}&t=150`, ".strip"],
  [`#/train?data=passengers&s=${packed("model = Sequential([Input((12, 1)), LSTM(8), Dense(3)])")}`, "#cut"],
  ["#/compare?m=gru&with=lstm", "#compare-memory ~ .scroll"],
  [`#/compare?m=gru&with=lstm~${run}`, ".run button"],
  ["#/quiz?seed=7", "#question"],
  ["#/quiz?seed=7&n=3&key=1", ".answers article:nth-of-type(3)"],
] as const;

/** Goes there as a link on the page would, and waits until it is there. */
export async function follow(page: Page, hash: string, ready: string): Promise<void> {
  await page.evaluate((to) => {
    location.hash = to;
  }, hash);
  await page.locator(ready).first().waitFor({ state: "attached" });
}

/** Code as a link carries it. */
export function packed(code: string): string {
  return `u1.${deflateRawSync(Buffer.from(code)).toString("base64url")}`;
}
