/**
 * Which pages of a browser may have something done where no token is asked for. A page of a stranger cannot read an answer, but it
 * could send a POST all the same: a form needs nobody's leave. Programs that are no browsers say nothing of a page.
 */
import type { IncomingHttpHeaders } from "node:http";

/** Methods that change nothing. */
const readings = ["GET", "HEAD"];

/**
 * The page that a request comes from, as the browser names it, where that page is of another site and the request is more than
 * reading; otherwise undefined. A page's name is judged as a `Host` is.
 */
export function foreignPage(
  method: string,
  { origin, "sec-fetch-site": site }: IncomingHttpHeaders,
  isOurs: (host: string) => boolean,
): string | undefined {
  if (readings.includes(method)) return undefined;
  if (origin === undefined) return site === "cross-site" ? site : undefined;
  // A page that has no name, as one in a sandbox or a file, says "null".
  return URL.canParse(origin) && isOurs(new URL(origin).host) ? undefined : origin;
}
