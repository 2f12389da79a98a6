/** Unroll: recurrent neural networks you can check by hand. */
export * from "./core/index.ts";
