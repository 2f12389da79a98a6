/** Notices when a loss stops falling. */
import type { Plateau } from "./protocol.ts";

/** Epochs without a loss that is clearly lower. */
const patience = 10;
/** The part of the lowest loss by which a lower one must be lower. */
const clearly = 0.01;

export class PlateauWatch {
  #lowest: { readonly epoch: number; readonly loss: number } | undefined;
  /** Once it has stopped, until it falls again. */
  plateau: Plateau | undefined;

  add(epoch: number, loss: number): void {
    if (this.#lowest === undefined || loss < this.#lowest.loss * (1 - clearly)) {
      this.#lowest = { epoch, loss };
      this.plateau = undefined;
    } else if (this.plateau === undefined && epoch - this.#lowest.epoch >= patience) {
      this.plateau = { ...this.#lowest, epochs: patience };
    }
  }
}
