/** Which systems are compared here, and how each is started. The first one is what the others' times are divided by. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import type { PeerCommand } from "./peer-process.ts";

/** Folders that the comparison works in. */
export interface Places {
  /** bench/ itself: its packages and the Python program. */
  readonly bench: string;
  /** The bundled programs. */
  readonly bundles: string;
}

/** Floating-point operations of a call that takes seconds, not minutes: in JavaScript, and in TensorFlow.js's WebAssembly. */
const mostInJavaScript = 1e9;
const mostInTensorFlowJs = 5e10;

export interface ListedPeer extends PeerCommand {
  /** Short, for `--peers`. */
  readonly key: string;
  /** Calls of more floating-point operations are left out. */
  readonly mostFlops?: number;
  readonly trains: boolean;
  /** Whether it runs on several threads if asked to. */
  readonly threads?: boolean;
}

export function listPeers({ bench, bundles }: Places): ListedPeer[] {
  const program = process.execPath;
  const bundled = (name: string): string => join(bundles, `${name}.mjs`);
  const tfjs = { program, resetBefore: true, trains: true };
  const peers: ListedPeer[] = [
    {
      key: "unroll",
      name: "Unroll",
      program,
      args: [...relaxedFlags(), bundled("unroll")],
      trains: true,
      threads: true,
    },
    {
      key: "plain",
      name: "Unroll without relaxed SIMD",
      program,
      args: [bundled("unroll")],
      trains: true,
      threads: true,
    },
    ...(hasCompiler()
      ? [
          {
            key: "native",
            name: "Unroll native",
            program,
            args: [bundled("unroll"), "native"],
            trains: true,
            threads: true,
          },
        ]
      : []),
    { key: "onnx", name: "onnxruntime-node", program, args: [bundled("onnxruntime")], trains: false, threads: true },
    {
      key: "tfjs",
      name: "TensorFlow.js wasm",
      ...tfjs,
      args: [bundled("tfjs"), "wasm"],
      mostFlops: mostInTensorFlowJs,
    },
    {
      key: "tfjs-cpu",
      name: "TensorFlow.js cpu",
      ...tfjs,
      args: [bundled("tfjs"), "cpu"],
      mostFlops: mostInJavaScript,
    },
  ];
  const brain = { key: "brain", name: "brain.js", program, args: [bundled("brain")], resetBefore: true, trains: false };
  peers.push({ ...brain, mostFlops: mostInJavaScript });
  peers.push({
    key: "jax",
    name: "jax-js",
    program,
    args: [bundled("jax")],
    mostFlops: mostInTensorFlowJs,
    trains: true,
  });
  const python = findPython();
  if (python === undefined) return peers;
  const script = join(bench, "peers/python.py");
  for (const [key, name, module] of [
    ["torch", "PyTorch", "torch"],
    ["keras", "Keras", "keras"],
  ] as const) {
    if (hasModule(python, module))
      peers.push({ key, name, program: python, args: [script, key], trains: true, threads: true });
  }
  return peers;
}

/** The flag of relaxed SIMD where this Node needs it and has it. */
export function relaxedFlags(): string[] {
  const flag = "--experimental-wasm-relaxed-simd";
  return spawnSync(process.execPath, [flag, "--version"]).status === 0 ? [flag] : [];
}

function findPython(): string | undefined {
  const names = [process.env.UNROLL_BENCH_PYTHON ?? [], "python3"].flat();
  return names.find((name) => spawnSync(name, ["--version"]).status === 0 && hasModule(name, "torch"));
}

/** Whether Unroll's native device has what it needs. */
function hasCompiler(): boolean {
  return spawnSync(process.env.CC ?? "cc", ["--version"]).status === 0;
}

function hasModule(python: string, module: string): boolean {
  const find = `import importlib.util, sys; sys.exit(importlib.util.find_spec("${module}") is None)`;
  return spawnSync(python, ["-c", find]).status === 0;
}
