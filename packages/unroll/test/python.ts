/** The Python that runs written code, where there is one with NumPy. */
import { execFileSync } from "node:child_process";

export const python = process.env.UNROLL_PYTHON ?? "python3";
export const hasNumpy = imports("numpy");

function imports(module: string): boolean {
  try {
    execFileSync(python, ["-c", `import ${module}`], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}
