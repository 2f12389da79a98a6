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

/** Code as a link carries it. */
export function packed(code: string): string {
  return `u1.${deflateRawSync(Buffer.from(code)).toString("base64url")}`;
}
