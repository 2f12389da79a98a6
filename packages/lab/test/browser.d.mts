import type { Browser } from "playwright-core";
/** The folder of the built lab. */
export declare const shipped: string;
export declare function firstLoad(): string[];
export declare function openLab(options?: {
  readonly rebuild?: boolean;
  readonly windows?: boolean;
  readonly args?: readonly string[];
}): Promise<{ readonly url: string; readonly browser: Browser; close(): Promise<void> }>;
