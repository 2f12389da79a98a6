/**
 * Slips in which terms a count adds up: a bias forgotten or doubled, gates of another cell, a part or a direction left out. None
 * knows a layer; they look at what terms are for. Sizes stay as they are.
 */
import { gru } from "../../cells/gru.ts";
import { lstm } from "../../cells/lstm.ts";
import { simpleRnn } from "../../cells/simple-rnn.ts";
import { evaluateSize } from "../../equations/evaluate.ts";
import { constant, type Expr, letter } from "../../equations/expr.ts";
import { plural } from "../lines.ts";
import { type CountTree, changeTerms, countOf, lettersIn, rebindTree, type Term, termsOf } from "./count-tree.ts";
import { type CountSlip, variant } from "./count-variant.ts";
import { numberOf, setLetter } from "./letters.ts";
import { timestepsOf } from "./outline.ts";
import type { Variant } from "./slip.ts";

export const secondBiasRow: CountSlip = ({ count }) => {
  const rows = termsOf(count).find(isBiasWithRows);
  if (rows === undefined) return [];
  const result = changeTerms(count, (term) =>
    isBiasWithRows(term) ? { ...term, factors: term.factors.slice(1) } : term,
  );
  const option = numberOf("gates", lettersIn(count)) === 3 ? " (reset_after)" : "";
  const detail = `${count.name} has ${shown(rows.factors[0]!)} rows of bias, one for the input and one for the recurrent product${option}.`;
  return [{ id: "second-bias-row", result, detail, plausibility: 0.95 }];
};

export const twoBiases: CountSlip = ({ count }) => {
  if (!termsOf(count).some(isSingleGateBias)) return [];
  const result = changeTerms(count, (term) =>
    isSingleGateBias(term) ? { ...term, factors: [constant(2), ...term.factors] } : term,
  );
  const detail = "Keras keeps one bias for each gate here; PyTorch keeps one for the input and one for the state.";
  return [{ id: "two-biases", result, detail, plausibility: 0.6 }];
};

const gateCounts = [simpleRnn, gru, lstm].map(({ kind, gates }) => ({ kind, gates: gates.length }));

export const wrongGates: CountSlip = ({ count }) => {
  const gates = numberOf("gates", lettersIn(count));
  if (gates === undefined) return [];
  return [1, 2, 3, 4].flatMap((wrong): Variant<CountTree>[] => {
    if (wrong === gates) return [];
    const like = gateCounts.find((one) => one.gates === wrong);
    const reason = like === undefined ? "no cell of Keras" : `as ${withArticle(like.kind)} has`;
    return [
      {
        id: "wrong-gates",
        result: rebindTree(count, setLetter("gates", wrong, reason)),
        detail: `The cell has ${plural(gates, "gate")}, not ${wrong}${like === undefined ? "" : ` as ${withArticle(like.kind)} has`}.`,
        plausibility: like === undefined ? 0.35 : 0.6,
      },
    ];
  });
};

/** A GRU's two rows of bias come with its gates, or are forgotten with them. */
export const anotherCell: CountSlip = ({ count }) => {
  const cells = [count, ...count.inside].filter(({ gates }) => gates !== undefined);
  const [cell] = cells;
  if (cell === undefined) return [];
  const hasRows = termsOf(count).some(isBiasWithRows);
  return gateCounts.flatMap(({ kind, gates }): Variant<CountTree>[] => {
    if (kind === cell.className || evaluateSize(cell.gates!) === gates) return [];
    const rebound = rebindTree(count, setLetter("gates", gates, `as ${withArticle(kind)} has`));
    const told = `That is the count of ${withArticle(kind)} of the same sizes`;
    const own = `this is ${withArticle(cell.className)}.`;
    if (kind === "GRU") {
      if (!termsOf(count).some(isSingleGateBias)) return [];
      const result = changeTerms(rebound, (term) =>
        isSingleGateBias(term) ? { ...term, factors: [constant(2), ...term.factors] } : term,
      );
      return [
        variant("another-cell", result, `${told} with its two rows of bias; ${own}`, 0.5),
        variant("another-cell", rebound, `${told} with its second row of bias forgotten; ${own}`, 0.45),
      ];
    }
    if (!hasRows) return [];
    const result = changeTerms(rebound, (term) =>
      !isBiasWithRows(term) ? term : { ...term, factors: term.factors.slice(1) },
    );
    return [variant("another-cell", result, `${told}; ${own}`, 0.5)];
  });
};

export const biasForgotten: CountSlip = ({ count }) => {
  if (!hasBias(count)) return [];
  const result = changeTerms(count, (term) => (term.role === "bias" ? undefined : term));
  return [{ id: "bias-forgotten", result, detail: "Every unit has a bias of its own.", plausibility: 0.8 }];
};

export const biasPerInput: CountSlip = ({ count }) => {
  if (!hasBias(count)) return [];
  const result = changeTerms(count, (term, tree) => {
    if (term.role !== "bias") return term;
    const rows = tree.terms.find(({ role }) => role === "input")?.factors.at(-2);
    return rows === undefined ? term : { ...term, factors: [...term.factors.slice(0, -1), rows] };
  });
  const detail = "A bias belongs to a unit: it is added once, after the sum over the inputs.";
  return [{ id: "bias-per-input", result, detail, plausibility: 0.4 }];
};

export const biasOnce: CountSlip = ({ count }) => {
  const gates = numberOf("gates", lettersIn(count));
  if (gates === undefined || gates === 1 || !hasBias(count)) return [];
  const result = changeTerms(count, (term) => (term.role === "bias" ? { ...term, perGate: false } : term));
  const detail = `Each of the ${gates} gates has its own bias: the bias stands inside the brackets.`;
  return [{ id: "bias-once", result, detail, plausibility: 0.5 }];
};

export const oneBiasForAll: CountSlip = ({ count }) => {
  if (!hasBias(count)) return [];
  const result = changeTerms(count, (term) =>
    term.role === "bias" ? { ...term, perGate: false, factors: [constant(1)] } : term,
  );
  return [{ id: "one-bias-for-all", result, detail: "Every unit has a bias of its own.", plausibility: 0.45 }];
};

export const partForgotten: CountSlip = ({ count }) => {
  const roles = new Set(termsOf(count).map(({ role }) => role));
  if (!roles.has("recurrent")) return [];
  const without = (gone: Term["role"]): CountTree =>
    changeTerms(count, (term) => (term.role === gone ? undefined : term));
  return [
    {
      id: "recurrent-part-forgotten",
      result: without("recurrent"),
      detail: "The state of the step before goes through a square array of its own, units by units.",
      plausibility: 0.7,
    },
    {
      id: "input-part-forgotten",
      result: without("input"),
      detail: "The input of each step goes through an array of its own, features by units.",
      plausibility: 0.5,
    },
  ];
};

/** h × h + i + h: what is left of h(h+i)+h when the brackets go. */
export const bracketsLost: CountSlip = ({ count }) => {
  if (!termsOf(count).some(({ role }) => role === "recurrent")) return [];
  const lost = changeTerms(count, (term) =>
    term.role === "input" && term.factors.length === 2 ? { ...term, role: "other", factors: [term.factors[0]!] } : term,
  );
  const outer = changeTerms(count, (term) => (term.role === "recurrent" ? term : { ...term, perGate: false }));
  const detail = "Multiply each term inside the brackets.";
  return [
    { id: "brackets-lost", result: lost, detail, plausibility: 0.3 },
    { id: "brackets-lost", result: outer, detail, plausibility: 0.25 },
  ];
};

export const timesTimesteps: CountSlip = (place) => {
  const timesteps = timestepsOf(place);
  if (timesteps === undefined) return [];
  const factor = letter("T", timesteps, "timesteps", "axis 1 of the input");
  const detail = `All ${timesteps} timesteps use the same arrays.`;
  return [{ id: "times-timesteps", result: { ...place.count, factor }, detail, plausibility: 0.6 }];
};

export const oneDirection: CountSlip = ({ count }) => {
  const [forward, backward, ...more] = count.inside;
  if (forward === undefined || backward === undefined || more.length > 0) return [];
  if (countOf(forward) !== countOf(backward)) return [];
  const result = { ...count, inside: [forward] };
  return [variant("one-direction", result, "Both directions have arrays of their own.", 0.85)];
};

export const doubleDirection: CountSlip = ({ count, layer }) => {
  if (layer.config.returnSequences === undefined) return [];
  const result = { ...count, factor: constant(2) };
  return [variant("layer-doubled", result, "The layer is there once; it reads in one direction.", 0.3)];
};

export const notTrained: CountSlip = ({ count }) => {
  const frozen = termsOf(count).some(({ trained }) => !trained);
  const trained = termsOf(count).some((term) => term.trained);
  if (!frozen || !trained) return [];
  const result = changeTerms(count, (term) => (term.trained ? term : undefined));
  return [variant("not-trained-left-out", result, "Keras counts them too, as non-trainable parameters.", 0.85)];
};

export const oneArray: CountSlip = ({ count }) => {
  const names = [...new Set(termsOf(count).map(({ name }) => name))];
  if (names.length < 2) return [];
  return names.map((name) =>
    variant(
      "one-array",
      changeTerms(count, (term) => (term.name === name ? term : undefined)),
      `${name} is one of the arrays ${names.join(", ")}.`,
      0.3,
    ),
  );
};

function isBiasWithRows({ role, perGate, factors }: Term): boolean {
  return role === "bias" && perGate && factors.length === 2;
}

function isSingleGateBias({ role, perGate, factors }: Term): boolean {
  return role === "bias" && perGate && factors.length === 1;
}

function hasBias(tree: CountTree): boolean {
  const terms = termsOf(tree);
  return terms.length > 1 && terms.some(({ role }) => role === "bias");
}

function withArticle(kind: string): string {
  return `${kind.startsWith("L") ? "an" : "a"} ${kind}`;
}

function shown(size: Expr): string {
  return String(evaluateSize(size));
}
