/** Where a Chromium is on this machine: for the browser tests, the pictures and the measurements. */
import { existsSync } from "node:fs";

/** The one without windows comes first: the frames of windows that nobody looks at cost as much as the pages in them. */
const paths = [
  process.env.CHROMIUM,
  "/usr/bin/chromium-headless-shell",
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
];

/** The path of a Chromium, or undefined. */
export function findChromium() {
  return paths.find((path) => path !== undefined && path !== "" && existsSync(path));
}
