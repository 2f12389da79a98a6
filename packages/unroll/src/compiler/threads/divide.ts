/**
 * Runs a program over several threads whose results belong to the whole batch: a part of the examples in each thread, then on this
 * one a program that reads what the parts gave. Which thread ran which part changes nothing, so as many parts always give the same
 * bits; they are not those of the undivided program, for sums over the batch are added up in another order.
 */
import { Random } from "../../core/random.ts";
import { sizeOf } from "../../core/shape.ts";
import type { Tensor, TensorData } from "../../core/tensor.ts";
import type { Program } from "../../program/program.ts";
import { Compiled, fillWith, type RandomPlace, type Target, wasmTarget } from "../compile.ts";
import { largestMemory } from "../memory.ts";
import { type MemoryUse, memoryUseOfAll } from "../memory-use.ts";
import { type Plan, planProgram, type Recompute } from "../plan.ts";
import { Crew } from "./crew.ts";
import { sharedMemories, unlessTooLarge } from "./shared.ts";
import { threadsRefusal } from "./start.ts";
import { enoughForAStep, flopsOf } from "./worth.ts";

export interface DivideRequest {
  readonly parts: number;
  /** What each part runs. It has no updates. */
  readonly part: Program;
  /** So many of the part's inputs, the first ones, are cut among the parts; the others are the same for all. */
  readonly cut: number;
  /** What runs behind them: its inputs are the results of the first part, those of the second ..., then inputs of its own. */
  readonly end: Program;
  /** Shapes of the random values that the undivided program draws, in order; the parts get the same numbers. */
  readonly randoms: readonly (readonly number[])[];
  /** Floating-point operations that a part must have; left out = what pays for the exchange. */
  readonly smallestPart?: number;
  /** As in `compileProgram`, of the parts. */
  readonly recompute?: Recompute;
  readonly target?: Target;
}

/** The numbers of a run, row-major. */
export interface DividedInputs {
  /** Of the whole batch. */
  readonly cut: readonly TensorData[];
  /** The other inputs of the parts. */
  readonly common: readonly TensorData[];
  /** The end's own inputs. */
  readonly end: readonly TensorData[];
}

export interface DividedProgram {
  readonly threads: number;
  /** Parts that other threads have run so far. */
  readonly helped: number;
  /** What the memories of the parts and of the end hold. */
  readonly memory: MemoryUse;
  /**
   * The results of the end, as copies.
   *
   * @throws UnrollError `aborted` when a worker has died in the middle of a part: no variable has changed, and the program cannot
   * run any more
   */
  run(inputs: DividedInputs, random: Random): Tensor[];
  /** Gives the memory of the workers back; the program cannot run any more. */
  release(): void;
}

/**
 * Makes a divided program ready; undefined where one thread is better or must do it alone: little work, random numbers that do not
 * go with the examples, no memory for the parts, a place without threads.
 *
 * @throws UnrollError `unsupported` where WebAssembly is not allowed.
 */
export function divideProgram(request: DivideRequest): DividedProgram | undefined {
  if (threadsRefusal() !== undefined) return undefined;
  return unlessTooLarge(() => {
    const { part, end, target = wasmTarget, recompute = "auto", smallestPart } = request;
    const machine = target.machine(true);
    const changing = new Set(end.updates.map(({ variable }) => variable));
    const options = { keep: [], limit: largestMemory, machine };
    const plan = planProgram(part, { ...options, recompute, changing, shared: true });
    const exchanged = part.results.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
    const enough = flopsOf(plan) >= (smallestPart ?? enoughForAStep(machine, exchanged));
    if (!enough || !drawsAlike(plan, request)) return undefined;
    return new Divided(request, plan, planProgram(end, options), target);
  });
}

/** Whether each random value of the whole is one of a part, or the parts' one behind the other. */
function drawsAlike({ randoms }: Plan, request: DivideRequest): boolean {
  const fits = (whole: readonly number[], [first, ...rest]: readonly number[]): boolean =>
    String(whole) === String([request.parts * first!, ...rest]) || String(whole) === String([first, ...rest]);
  return (
    randoms.length === request.randoms.length &&
    randoms.every(({ layout }, index) => fits(request.randoms[index]!, layout.shape))
  );
}

class Divided implements DividedProgram {
  readonly threads: number;
  readonly memory: MemoryUse;
  readonly #parts: readonly Compiled[];
  readonly #end: Compiled;
  readonly #crew: Crew;
  /** Numbers of one part of each input that is cut. */
  readonly #widths: readonly number[];
  /** For each random value whether every part has its own share. */
  readonly #ownRandoms: readonly boolean[];

  constructor({ part, cut, end, parts, randoms }: DivideRequest, plan: Plan, endPlan: Plan, target: Target) {
    this.threads = parts;
    this.#end = new Compiled(end, endPlan, target.instantiate(endPlan));
    const instances = (target.share ?? sharedMemories)(plan, parts);
    this.#parts = instances.map((instance) => new Compiled(part, plan, instance, this.#end));
    this.#widths = part.inputs.slice(0, cut).map(({ shape }) => sizeOf(shape));
    this.#ownRandoms = plan.randoms.map(({ layout }, index) => sizeOf(randoms[index]!) > sizeOf(layout.shape));
    this.memory = memoryUseOfAll([...this.#parts, this.#end].map(({ memory }) => memory));
    this.#crew = new Crew(
      this.#parts,
      instances.map(({ code }) => code),
    );
  }

  get helped(): number {
    return this.#crew.helped;
  }

  run({ cut, common, end }: DividedInputs, random: Random): Tensor[] {
    const load = (part: number): void => {
      const shares = cut.map((data, i) => data.subarray(part * this.#widths[i]!, (part + 1) * this.#widths[i]!));
      this.#parts[part]!.load([...shares, ...common]);
    };
    if (this.#ownRandoms.length === 0) this.#crew.run(load);
    else {
      const { state } = random;
      this.#draw(random);
      this.#crew.run(load, (part) => {
        this.#draw(new Random(state), part);
        load(part);
      });
    }
    return this.#end.run([...this.#parts.flatMap(({ views }) => views), ...end]);
  }

  /** Draws as one thread draws for the whole batch. Only the numbers of one part are kept where it is named. */
  #draw(random: Random, only?: number): void {
    for (const [index, own] of this.#ownRandoms.entries()) {
      const places = this.#parts.map(({ randoms }) => randoms[index]!);
      const kept = (place: RandomPlace, part: number): RandomPlace =>
        only === undefined || only === part ? place : { ...place, view: new Float32Array(place.view.length) };
      if (own) for (const [part, place] of places.entries()) fillWith(random, kept(place, part));
      else {
        const drawn = { ...places[0]!, view: new Float32Array(places[0]!.view.length) };
        fillWith(random, drawn);
        for (const [part, place] of places.entries()) kept(place, part).view.set(drawn.view);
      }
    }
  }

  release(): void {
    this.#crew.release();
  }
}
