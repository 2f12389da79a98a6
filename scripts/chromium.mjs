/** Where a Chromium is on this machine: for the browser tests, the pictures and the measurements. */
import { existsSync } from "node:fs";

const withoutWindows = "/usr/bin/chromium-headless-shell";
const withWindows = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/**
 * The path of a Chromium, or undefined. The one without windows comes first, for the frames of windows that nobody looks at cost
 * as much as the pages in them; with `windows` it comes last, for what is measured as people see it.
 */
export function findChromium({ windows = false } = {}) {
  const paths = windows ? [...withWindows, withoutWindows] : [withoutWindows, ...withWindows];
  return [process.env.CHROMIUM, ...paths].find((path) => path !== undefined && path !== "" && existsSync(path));
}
