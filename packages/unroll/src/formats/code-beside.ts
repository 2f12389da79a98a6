/** How generated code finds a file that lies beside it, from whatever folder it is run. */

/** Python's import that `besidePython` needs. */
export const importPath = "from pathlib import Path\n";

export function besidePython(file: string): string {
  return `Path(__file__).parent / ${JSON.stringify(file)}`;
}

export function besideTypeScript(file: string): string {
  const path = file.split("/").map(encodeURIComponent).join("/");
  return `new URL(${JSON.stringify(path)}, import.meta.url)`;
}
