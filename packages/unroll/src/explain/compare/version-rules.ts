/**
 * What Keras did differently in 2.2, 2.12 and 3, as data: a topic, the layers it concerns, the rule in each, and how it is
 * known. Which of them matter to a model is asked by versions.ts.
 */
import type { Layer } from "../../layers/layer.ts";

/** 2.2: the separate package before TensorFlow 2. 2.12: inside TensorFlow 2. 3: from 3.0 on. */
export type KerasRelease = "2.2" | "2.12" | "3";

/** The releases of Keras that are told apart, oldest first. */
export const kerasReleases: readonly KerasRelease[] = ["2.2", "2.12", "3"];

/**
 * "run": seen in a run of Keras 3.15, for 2.12 of tf_keras 2.21 or in tables that 2.12 printed. "source": read in Keras's code,
 * history or documentation; the 2.2 line was never run for this.
 */
export type Evidence = "run" | "source";

/** Something that releases of Keras do differently. */
export interface VersionRule {
  readonly topic: string;
  readonly rules: Readonly<Record<KerasRelease, string>>;
  readonly evidence: Readonly<Record<KerasRelease, Evidence>>;
}

interface ConditionalRule extends VersionRule {
  /** Undefined: it concerns every model. */
  readonly concerns?: (layer: Layer) => boolean;
  /** Training only. */
  readonly training?: boolean;
}

const isGated = ({ className }: Layer): boolean => className === "LSTM" || className === "GRU";
const isRecurrent = ({ type }: Layer): boolean => type.cell !== undefined;
const uses =
  (activation: RegExp) =>
  (layer: Layer): boolean =>
    ["activation", "recurrentActivation"].some((option) => activation.test(nameOf(layer.config[option])));
const drops = ({ config }: Layer): boolean =>
  Number(config.dropout ?? 0) > 0 || Number(config.recurrentDropout ?? 0) > 0;

function nameOf(value: unknown): string {
  return typeof value === "object" && value !== null && "name" in value ? String(value.name) : String(value);
}

/** Known by runs, but for the 2.2 line. */
const bothRun: VersionRule["evidence"] = { "2.2": "source", "2.12": "run", "3": "run" };
/** tf_keras 2.21 has 3's rule already or was not asked. */
const newestRun: VersionRule["evidence"] = { "2.2": "source", "2.12": "source", "3": "run" };

export const versionRules: readonly ConditionalRule[] = [
  {
    topic: "automatic names",
    evidence: bothRun,
    rules: {
      "2.2": "lstm_1, lstm_2: counted from 1; models sequential_1, model_1",
      "2.12": "lstm, lstm_1: counted from 0; models sequential, model; inputs input_1",
      "3": "lstm, lstm_1: counted from 0; models sequential, functional; inputs input_layer",
    },
  },
  {
    topic: "summary",
    evidence: bothRun,
    rules: {
      "2.2": "no Model: line; 65 characters; long names are cut; lines of underscores between rows",
      "2.12": "65 characters; long names wrap; counts of rows without thousands commas",
      "3": "a box of at most 88 characters; commas; totals with their memory",
    },
  },
  {
    topic: "GRU's reset gate, where the code does not say",
    evidence: bothRun,
    concerns: ({ className }) => className === "GRU",
    rules: {
      "2.2": "before the recurrent product (reset_after=False): one row of bias",
      "2.12": "after it (reset_after=True): two rows of bias, 3h parameters more",
      "3": "after it (reset_after=True): two rows of bias, 3h parameters more",
    },
  },
  {
    topic: "recurrent activation, where the code does not say",
    evidence: bothRun,
    concerns: isGated,
    rules: { "2.2": "hard_sigmoid", "2.12": "sigmoid", "3": "sigmoid" },
  },
  {
    topic: "hard_sigmoid",
    evidence: bothRun,
    concerns: (layer) => isGated(layer) || uses(/^hard_?sigmoid/i)(layer),
    rules: {
      "2.2": "clip(0.2x + 0.5, 0, 1): 0.7 at 1",
      "2.12": "clip(0.2x + 0.5, 0, 1): 0.7 at 1",
      "3": "clip(x/6 + 0.5, 0, 1): 0.6667 at 1",
    },
  },
  {
    topic: "dropout inside recurrent layers",
    evidence: bothRun,
    concerns: (layer) => isRecurrent(layer) && drops(layer),
    training: true,
    rules: {
      "2.2": "one mask for each gate, the same at all timesteps",
      "2.12":
        "on the usual path (tanh and sigmoid, bias, no recurrent_dropout) another input mask at each timestep; otherwise the same at all",
      "3": "the same mask at all timesteps; with recurrent_dropout one for each gate (before 3.8 one for all)",
    },
  },
  {
    topic: "Bidirectional on a layer that goes backwards itself",
    evidence: bothRun,
    concerns: ({ className }) => className === "Bidirectional",
    rules: {
      "2.2": "the second copy reads the other way",
      "2.12": "the second copy reads the other way",
      "3": "is an error: the second copy always goes backwards",
    },
  },
  {
    topic: "EarlyStopping with restore_best_weights",
    evidence: newestRun,
    training: true,
    rules: {
      "2.2": "restores only where it stopped the run itself (the option is there from 2.2.3 on)",
      "2.12": "restores only where it stopped the run itself",
      "3": "restores at the end of every run",
    },
  },
  {
    topic: "EarlyStopping with mode auto",
    evidence: newestRun,
    training: true,
    rules: {
      "2.2": "upwards where the name has acc in it, else downwards",
      "2.12": "upwards where the name ends in acc, accuracy or auc, else downwards",
      "3": "the metric itself says which way is better; loss is downwards; an unknown name is an error",
    },
  },
  {
    topic: "ReduceLROnPlateau with mode auto",
    evidence: newestRun,
    training: true,
    rules: {
      "2.2": "upwards where the name has acc in it, else downwards",
      "2.12": "upwards where the name has acc in it, else downwards",
      "3": "as EarlyStopping (in the first releases of 3 by the name, as before)",
    },
  },
  {
    topic: "fit's history",
    evidence: newestRun,
    training: true,
    rules: {
      "2.2": "validation first, then loss, then metrics; accuracy is called acc",
      "2.12": "loss first, then metrics, then validation",
      "3": "by the alphabet, training before validation",
    },
  },
];
