/** The bearer token: compared in constant time, before anything else of a request is looked at. */
import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";

/** Says whether an `Authorization` header brings the token; without a token every request is welcome. */
export function bearerCheck(token: string | undefined): (header: string | undefined) => boolean {
  if (token === undefined) return () => true;
  // Digests are of one length, so that not even the token's length shows in the time; the key makes them unpredictable.
  const key = randomBytes(32);
  const digest = (text: string): Buffer => createHmac("sha256", key).update(text).digest();
  const wanted = digest(token);
  return (header) => {
    const given = /^bearer +(\S+) *$/i.exec(header ?? "")?.[1] ?? "";
    return timingSafeEqual(digest(given), wanted);
  };
}
