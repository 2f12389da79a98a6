/** Text in a link: `u1.` and the base64url of its deflated bytes. Sizes are checked on the way in, so that no link floods a page. */

const mark = "u1.";
const longestUnpacked = 400_000;

export async function pack(text: string): Promise<string> {
  const stream = new Blob([text]).stream().pipeThrough(new CompressionStream("deflate-raw"));
  const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return mark + btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

/** The text, or undefined for what is no such text or is too long. */
export async function unpack(packed: string): Promise<string | undefined> {
  if (!packed.startsWith(mark)) return undefined;
  try {
    const binary = atob(packed.slice(mark.length).replaceAll("-", "+").replaceAll("_", "/"));
    const bytes = Uint8Array.from(binary, (letter) => letter.charCodeAt(0));
    const reader = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw")).getReader();
    const parts: Uint8Array[] = [];
    let length = 0;
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      length += value.length;
      if (length > longestUnpacked) return undefined;
      parts.push(value);
    }
    return await new Blob(parts as BlobPart[]).text(); // parts of a stream
  } catch {
    return undefined;
  }
}
