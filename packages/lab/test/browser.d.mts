import type { Browser } from "playwright-core";

export declare function findChromium(): string | undefined;
export declare function firstLoad(): string[];
export declare function openLab(options?: {
  readonly rebuild?: boolean;
}): Promise<{ readonly url: string; readonly browser: Browser; close(): Promise<void> }>;
