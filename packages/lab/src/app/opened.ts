/** How the tree of an opened value is shown and what its numbers do: the same for all of its nodes. */
import type { OpenedName } from "../worker/protocol.ts";
import type { EditTarget } from "./edits.ts";

export interface HowOpened {
  readonly digits: number;
  readonly canEditInput: boolean;
  /** True where no number can be changed. */
  readonly isFixed: boolean;
  /** True where numbers may be far below 1. */
  readonly isSmall: boolean;
  follow(node: OpenedName): void;
  /** Brings the terms of long products that are not there. */
  wantAll(): void;
  change(target: EditTarget, value: number): void;
  isEdited(target: EditTarget): boolean;
  reset(target: EditTarget): void;
}

/** Of a tree in which no number can be changed. */
export function fixedTree(digits: number, follow: HowOpened["follow"]): HowOpened {
  return {
    digits,
    canEditInput: false,
    isFixed: true,
    isSmall: false,
    follow,
    wantAll: () => {},
    change: () => {},
    isEdited: () => false,
    reset: () => {},
  };
}
