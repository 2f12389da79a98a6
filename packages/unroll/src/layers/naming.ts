/**
 * Automatic names as Keras gives them: the class name in snake case, then `_1`, `_2` ... counted from zero for the whole
 * process. Names that a user gives neither use up nor reserve a number.
 */

const counters = new Map<string, number>();

/** `SimpleRNN` → `simple_rnn`, `MaxPooling1D` → `max_pooling1d`, `ReLU` → `re_lu`: Keras's two regular expressions. */
export function snakeCase(className: string): string {
  return className
    .replaceAll(/\W+/g, "")
    .replaceAll(/(.)([A-Z][a-z]+)/g, "$1_$2")
    .replaceAll(/([a-z])([A-Z])/g, "$1_$2")
    .toLowerCase();
}

/** The next free automatic name: `lstm`, `lstm_1`, `lstm_2`. */
export function automaticName(base: string): string {
  const count = counters.get(base) ?? 0;
  counters.set(base, count + 1);
  return count === 0 ? base : `${base}_${count}`;
}

/** Starts all automatic names anew, as `keras.backend.clear_session()` does. */
export function resetNames(): void {
  counters.clear();
}
