/** Turns a layer type into the function that users call: `layers.lstm({ units: 4 })`, typed from the type's fields. */
import type { LayerType } from "./contract.ts";
import type { Fields, OptionsOf } from "./fields.ts";
import { type CommonOptions, Layer } from "./layer.ts";

type Options<F> = OptionsOf<F> & CommonOptions;

/** `options` may be left out where none is required. */
type Arguments<O> = Partial<O> extends O ? [options?: O] : [options: O];

/** What makes a layer of one type. Where an option decides between one output and several, the types follow it. */
export type LayerFactory<F extends Fields> = Make<F> & {
  /** What it makes layers of. */
  readonly type: LayerType<F>;
};

type Make<F> = "returnState" extends keyof F
  ? {
      (options: Options<F> & { readonly returnState: true }): Layer<true>;
      (options: Options<F> & { readonly returnState?: false | undefined }): Layer<false>;
      (options: Options<F>): Layer;
    }
  : "mergeMode" extends keyof F
    ? {
        (options: Options<F> & { readonly mergeMode: null }): Layer<true>;
        (options: Options<F> & { readonly layer: Layer<true> }): Layer<true>;
        (options: Options<F> & { readonly layer: Layer<false> }): Layer<false>;
        (options: Options<F>): Layer;
      }
    : (...args: Arguments<Options<F>>) => Layer<false>;

/** The function that makes layers of a type, as those of `layers` are. */
/* @__NO_SIDE_EFFECTS__ */
export function factory<F extends Fields>(type: LayerType<F>): LayerFactory<F> {
  const make = (options: Readonly<Record<string, unknown>> = {}): Layer => {
    const { name, trainable, batchInputShape, ...own } = options;
    const common = { name, trainable, batchInputShape } as CommonOptions; // as the factory's type asks
    return new Layer(type, own, common);
  };
  return Object.assign(make, { type }) as LayerFactory<F>; // the overloads only say more about the same function
}
