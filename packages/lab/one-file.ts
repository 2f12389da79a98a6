/** Puts a whole build into its HTML: script, style and icon, and the policy that lets exactly this script run. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { Plugin } from "vite";

const name = "unroll-lab.html";

export function oneFile(): Plugin {
  return {
    name: "one-file",
    apply: "build",
    enforce: "post",
    generateBundle(_, bundle) {
      const parts = Object.values(bundle);
      const page = parts.find(({ fileName }) => fileName.endsWith(".html"));
      const script = parts.find((part) => part.type === "chunk");
      const style = parts.find(({ fileName }) => fileName.endsWith(".css"));
      if (page?.type !== "asset" || script?.type !== "chunk" || style?.type !== "asset" || parts.length !== 3) {
        throw new Error(`one page, one script and one style were expected: ${parts.map(({ fileName }) => fileName)}`);
      }
      const html = insert(String(page.source), safe(script.code), String(style.source));
      for (const { fileName } of parts) delete bundle[fileName];
      this.emitFile({ type: "asset", fileName: name, source: html });
    },
  };
}

function insert(page: string, script: string, style: string): string {
  const icon = readFileSync(new URL("public/icon.svg", import.meta.url));
  const digest = createHash("sha256").update(script).digest("base64");
  const policy = [
    "default-src 'none'",
    `script-src 'sha256-${digest}' 'wasm-unsafe-eval'`,
    "style-src 'unsafe-inline'",
    "img-src data: blob:",
    "worker-src blob:",
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
  return replaced(page, [
    [/\s*<script type="module"[^>]*><\/script>/, ""],
    [/<link rel="stylesheet"[^>]*>/, `<style>${style}</style>`],
    [/href="[^"]*icon\.svg"/, `href="data:image/svg+xml;base64,${icon.toString("base64")}"`],
    [/content="default-src[^"]*"/, `content="${policy}"`],
    [/<\/body>/, `<script>${script}</script>\n</body>`],
  ]);
}

function replaced(text: string, changes: readonly (readonly [RegExp, string])[]): string {
  return changes.reduce((before, [pattern, to]) => {
    if (!pattern.test(before)) throw new Error(`the page has nothing like ${pattern}`);
    return before.replace(pattern, () => to);
  }, text);
}

/** A script may not hold what ends or comments it out in HTML. */
function safe(script: string): string {
  return script.replaceAll("</script", "<\\/script").replaceAll("<!--", "<\\!--");
}
