/**
 * A prediction, whatever protocol asked for it: limits, the choice of the model, streams, and the batcher. Protocols turn bodies
 * into named tensors and the result into their own words.
 */
import type { Tensor } from "../core/tensor.ts";
import type { ServiceLimits } from "./options.ts";
import type { ModelChoice, Registry, ServedModel } from "./registry.ts";
import { badRequest, RequestError, tooBusy } from "./request-error.ts";
import type { SessionUse } from "./sessions.ts";
import { type NamedTensors, orderedInputs, type Signature } from "./signature.ts";

export interface Prediction {
  readonly model: Pick<ServedModel, "name" | "version" | "runner">;
  /** `[rows, ...]` each, in the order of the signature's outputs. */
  readonly outputs: readonly Tensor[];
}

export class Predictor {
  readonly registry: Registry;
  readonly limits: ServiceLimits;
  #inFlight = 0;

  constructor(registry: Registry, limits: ServiceLimits) {
    this.registry = registry;
    this.limits = limits;
  }

  /** Predictions that wait or run. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /**
   * Reads a request and predicts; reading is part of the bounded work.
   *
   * @param read the request's tensors by input name, for the model that will answer
   * @throws RequestError 400, 404, 409, 413, 429; UnrollError as `model.predict` does
   */
  async predict(
    choice: ModelChoice,
    session: SessionUse | undefined,
    read: (signature: Signature, path: string) => NamedTensors,
  ): Promise<Prediction> {
    if (this.#inFlight >= this.limits.maxConcurrent) {
      throw tooBusy(429, `${this.limits.maxConcurrent} predictions may wait or run at a time`);
    }
    this.#inFlight++;
    try {
      return await this.registry.with(choice, async (model) => {
        const { signature } = model.runner;
        const inputs = orderedInputs(read(signature, model.name), signature, model.name);
        this.#checkSizes(inputs, model);
        const outputs =
          session === undefined ? await model.batcher.predict(inputs) : await this.#step(model, inputs, session);
        return { model, outputs };
      });
    } finally {
      this.#inFlight--;
    }
  }

  async #step(model: ServedModel, inputs: readonly Tensor[], session: SessionUse): Promise<readonly Tensor[]> {
    const { noStreams } = model.runner.signature;
    if (noStreams !== undefined) throw badRequest(model.name, `cannot keep a session: ${noStreams}`);
    const rows = inputs[0]!.shape[0]!;
    const { outputs } = await model.sessions.use(session, rows, (state) => model.runner.step(inputs, state));
    return outputs;
  }

  #checkSizes(inputs: readonly Tensor[], { name, runner }: ServedModel): void {
    const { maxRows, maxTimesteps } = this.limits;
    const rows = inputs[0]!.shape[0]!;
    if (rows === 0) throw badRequest(name, "needs at least one row");
    if (rows > maxRows) {
      throw tooLarge(name, `a request may have ${maxRows} rows`, `rows = ${rows}`, "Send several requests.");
    }
    for (const [index, { name: input, shape }] of runner.signature.inputs.entries()) {
      const axis = shape.findIndex((size, at) => at > 0 && size === null && inputs[index]!.shape[at]! > maxTimesteps);
      if (axis !== -1) {
        throw tooLarge(
          `${name}: ${input}`,
          `axis ${axis + 1} may have ${maxTimesteps} entries`,
          `shape = [${inputs[index]!.shape.join(", ")}]`,
          "Send shorter sequences.",
        );
      }
      if (inputs[index]!.shape.includes(0)) {
        throw badRequest(`${name}: ${input}`, "no axis may be empty", {
          received: `shape = [${inputs[index]!.shape.join(", ")}]`,
        });
      }
    }
  }
}

function tooLarge(path: string, expected: string, received: string, hint: string): RequestError {
  return new RequestError(413, { code: "memory", path, expected, received, hint });
}
