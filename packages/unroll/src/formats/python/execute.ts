/**
 * Statements, and calls of the user's functions and classes. Loops and branches that depend on something unknown run once,
 * as an example; what they change outside of themselves is unknown afterwards.
 */
import type { Expression, Statement } from "./ast.ts";
import { assignTarget, defaultsOf, evaluate, operate } from "./evaluate.ts";
import { itemsOf } from "./iterate.ts";
import { assignedNames, buildsLayers } from "./look-ahead.ts";
import type { Machine } from "./machine.ts";
import { nameOf, reasonOf, truth } from "./operators.ts";
import { LimitReached, MOST_ROUNDS, PythonRaise } from "./runtime.ts";
import {
  ArrayValue,
  isObject,
  isUnknown,
  KerasClass,
  NativeFunction,
  PyClass,
  PyDict,
  PyFunction,
  Scope,
  type Value,
} from "./values.ts";

/** How a block ended. */
export type Outcome =
  | { readonly kind: "end" | "break" | "continue" }
  | { readonly kind: "return"; readonly value: Value };
const END: Outcome = { kind: "end" };

/** Values that a function may return from branches that may or may not run. */
export interface Frame {
  readonly scope: Scope;
  readonly possible: Value[];
}

/** Runs the top-level statements of a cell; one that asks for too much is named and given up. */
export function executeCell(statements: readonly Statement[], cell: number, scope: Scope, machine: Machine): void {
  const { rt } = machine;
  for (const statement of statements) {
    if (rt.exhausted) {
      rt.problem("the code before took more steps than are followed; the rest was skipped", {
        cell,
        line: statement.line,
      });
      return;
    }
    rt.startStatement({ cell, line: statement.line });
    try {
      execute(statement, { scope, possible: [] }, machine);
    } catch (error) {
      giveUp(statement, error, { cell, line: statement.line }, scope, machine);
    }
  }
}

function giveUp(
  statement: Statement,
  error: unknown,
  at: { cell: number; line: number },
  scope: Scope,
  { rt }: Machine,
): void {
  // A RangeError is the JavaScript stack running out, which the depth limit should have prevented.
  const expected = error instanceof LimitReached || error instanceof PythonRaise || error instanceof RangeError;
  if (!expected) throw error;
  const reason = error instanceof RangeError ? "it is nested too deeply" : (error as Error).message; // all three are errors
  rt.problem(error instanceof PythonRaise ? reason : `this was given up: ${reason}`, at);
  for (const name of assignedNames([statement])) {
    if (!scope.variables.has(name))
      scope.set(name, rt.named(name, rt.unknown(name, "is set by code that was given up")));
  }
}

/** Runs statements until one ends the block. */
export function executeBlock(statements: readonly Statement[], frame: Frame, machine: Machine): Outcome {
  for (const statement of statements) {
    machine.rt.at = { cell: machine.rt.at.cell, line: statement.line };
    const outcome = execute(statement, frame, machine);
    if (outcome.kind !== "end") return outcome;
  }
  return END;
}

function execute(statement: Statement, frame: Frame, machine: Machine): Outcome {
  const { rt } = machine;
  const { scope } = frame;
  rt.step();
  const value = (expression: Expression): Value => evaluate(expression, scope, machine);
  switch (statement.kind) {
    case "expression":
      value(statement.value);
      return END;
    case "assign": {
      const given = value(statement.value);
      for (const target of statement.targets) assignTarget(target, given, scope, machine);
      return END;
    }
    case "update": {
      const before = value(statement.target);
      const after = operate(statement.operator, before, value(statement.value), machine);
      assignTarget(statement.target, after, scope, machine);
      return END;
    }
    case "if":
      return executeIf(statement, frame, machine);
    case "for":
      return executeFor(statement, frame, machine);
    case "while":
      return executeWhile(statement, frame, machine);
    case "function": {
      const binding = bindingOf(statement.decorators);
      scope.set(
        statement.name,
        decorated(
          statement.decorators,
          scope,
          machine,
          new PyFunction({
            name: statement.name,
            parameters: statement.parameters,
            defaults: defaultsOf(statement.parameters, scope, machine),
            body: statement.body,
            scope,
            cell: rt.at.cell,
            text: `def ${statement.name}`,
            suspends: statement.suspends,
            binding,
            self: undefined,
          }),
        ),
      );
      return END;
    }
    case "class":
      scope.set(statement.name, makeClass(statement, scope, machine));
      return END;
    case "return":
      return { kind: "return", value: statement.value === undefined ? null : value(statement.value) };
    case "import":
      for (const { path, alias } of statement.modules) {
        const [top] = path.split(".");
        scope.set(alias ?? top!, machine.library(alias === undefined ? top! : path));
      }
      return END;
    case "from":
      importFrom(statement, scope, machine);
      return END;
    case "with":
      for (const { value: context, target } of statement.items) {
        const entered = value(context);
        if (target !== undefined) assignTarget(target, entered, scope, machine);
      }
      return executeBlock(statement.body, frame, machine);
    case "try":
      return executeTry(statement, frame, machine);
    case "raise":
      if (rt.uncertain > 0) return END;
      throw new PythonRaise("the code raises an error here");
    case "scope":
      for (const name of statement.names) scope.outward.add(name);
      return END;
    case "delete":
      for (const target of statement.targets) if (target.kind === "name") scope.variables.delete(target.name);
      return END;
    case "pass":
      return END;
    case "break":
    case "continue":
      return { kind: statement.kind };
    case "unsupported":
      rt.problem(`${statement.what} is not understood; it was skipped`);
      return END;
  }
}

/** The function with the decorators around it that the code itself defines; others leave it as it is. */
function decorated(decorators: readonly Expression[], scope: Scope, machine: Machine, fn: PyFunction): Value {
  const result = decorators.toReversed().reduce((inner: Value, decorator) => {
    const named = decorator.kind === "call" ? decorator.callee : decorator;
    if (named.kind !== "name" || !(scope.find(named.name) instanceof PyFunction)) return inner;
    const around = evaluate(decorator, scope, machine);
    if (!(around instanceof PyFunction)) return inner;
    const { rt } = machine;
    const given = rt.call(around, { positional: [inner], keywords: new Map(), at: rt.at });
    return given instanceof PyFunction || given instanceof NativeFunction ? given : inner;
  }, fn);
  const { binding } = fn;
  return result instanceof PyFunction ? new PyFunction({ ...result, scope: result.scope, binding }) : result;
}

function bindingOf(decorators: readonly Expression[]): PyFunction["binding"] {
  const names = decorators.map((decorator) =>
    decorator.kind === "name" || decorator.kind === "attribute" ? decorator.name : "",
  );
  if (names.includes("staticmethod")) return "static";
  if (names.includes("classmethod")) return "class";
  return names.includes("property") || names.includes("cached_property") ? "property" : "plain";
}

function executeIf(statement: Extract<Statement, { kind: "if" }>, frame: Frame, machine: Machine): Outcome {
  const { rt } = machine;
  const test = evaluate(statement.test, frame.scope, machine);
  const known = truth(test);
  if (known !== undefined) return executeBlock(known ? statement.whenTrue : statement.otherwise, frame, machine);

  const { whenTrue: then, otherwise } = statement;
  const [thenBuilds, otherwiseBuilds] = [buildsLayers(then), buildsLayers(otherwise)];
  if (!thenBuilds && !otherwiseBuilds) {
    return asExample([...assignedNames(then), ...assignedNames(otherwise)], frame, machine, test, () => {
      keepPossible(executeBlock(then, frame, machine), frame);
      keepPossible(executeBlock(otherwise, frame, machine), frame);
    });
  }
  // Running both would add layers twice.
  const first = thenBuilds;
  rt.problem(
    `whether this branch runs depends on ${nameOf(test)}, which is not known; the ${first ? "first" : "other"} branch was read`,
  );
  return executeBlock(first ? then : otherwise, frame, machine);
}

/** A return inside of a branch that may not run is one possible result. */
function keepPossible(outcome: Outcome, frame: Frame): void {
  if (outcome.kind === "return") frame.possible.push(outcome.value);
}

function executeFor(statement: Extract<Statement, { kind: "for" }>, frame: Frame, machine: Machine): Outcome {
  const { rt } = machine;
  const values = evaluate(statement.values, frame.scope, machine);
  const { items, open } = itemsOf(values, rt);
  if (open) {
    if (buildsLayers(statement.body))
      rt.problem(`how often this loop runs is not known (${reasonOf(values)}); one round was read`);
    return asExample(assignedNames(statement.body), frame, machine, values, () => {
      if (items.length > 0) assignTarget(statement.target, items[0]!, frame.scope, machine);
      keepPossible(executeBlock(statement.body, frame, machine), frame);
    });
  }
  for (const item of items) {
    assignTarget(statement.target, item, frame.scope, machine);
    const outcome = executeBlock(statement.body, frame, machine);
    if (outcome.kind === "return") return outcome;
    if (outcome.kind === "break") return END;
  }
  return executeBlock(statement.otherwise, frame, machine);
}

function executeWhile(statement: Extract<Statement, { kind: "while" }>, frame: Frame, machine: Machine): Outcome {
  for (let round = 0; ; round++) {
    const test = evaluate(statement.test, frame.scope, machine);
    const known = truth(test);
    if (known === false) return END;
    if (known === undefined || round >= MOST_ROUNDS) {
      if (round >= MOST_ROUNDS) throw new LimitReached(`a loop runs more than ${MOST_ROUNDS} times`);
      return asExample(assignedNames(statement.body), frame, machine, test, () => {
        keepPossible(executeBlock(statement.body, frame, machine), frame);
      });
    }
    const outcome = executeBlock(statement.body, frame, machine);
    if (outcome.kind === "return") return outcome;
    if (outcome.kind === "break") return END;
  }
}

/** Runs `body` once for all times it may run; plain values that it changed are unknown afterwards. */
function asExample(names: Iterable<string>, frame: Frame, machine: Machine, cause: Value, body: () => void): Outcome {
  const { rt } = machine;
  const before = new Map([...names].map((name) => [name, frame.scope.find(name)] as const));
  rt.asExample(body);
  for (const [name, old] of before) {
    const now = frame.scope.find(name);
    if (old === undefined || now === undefined || now === old) continue;
    const unsure = afterwards(old, now, name, reasonOf(cause), machine);
    if (unsure !== undefined) frame.scope.set(name, rt.named(name, unsure));
  }
  return END;
}

/** What a variable holds after a block that may have run any number of times; undefined where its new value stays. */
function afterwards(old: Value, now: Value, name: string, reason: string, { rt }: Machine): Value | undefined {
  if (now instanceof ArrayValue && old instanceof ArrayValue && now.shape.length === old.shape.length) {
    const shape = now.shape.map((axis, i) =>
      axis === old.shape[i] ? axis : rt.unknown(`${name}.shape[${i}]`, reason),
    );
    return new ArrayValue(shape, undefined, now.open || old.open);
  }
  const plain = !isObject(now) || now.kind === "tuple" || now.kind === "array";
  return plain && !(isUnknown(old) && !isObject(now)) ? rt.unknown(name, reason) : undefined;
}

function executeTry(statement: Extract<Statement, { kind: "try" }>, frame: Frame, machine: Machine): Outcome {
  let outcome: Outcome;
  try {
    outcome = executeBlock(statement.body, frame, machine);
    if (outcome.kind === "end") outcome = executeBlock(statement.otherwise, frame, machine);
  } catch (error) {
    if (!(error instanceof PythonRaise)) throw error;
    outcome = executeBlock(statement.handlers[0] ?? [], frame, machine);
  }
  const last = executeBlock(statement.last, frame, machine);
  return last.kind === "end" ? outcome : last;
}

function importFrom(statement: Extract<Statement, { kind: "from" }>, scope: Scope, machine: Machine): void {
  if (statement.names === "*") {
    const names = machine.library(`star:${statement.module}`);
    if (names instanceof PyDict) {
      for (const { key, value } of names.entries.values()) if (typeof key === "string") scope.set(key, value);
    }
    return;
  }
  for (const { name, alias } of statement.names) scope.set(alias, machine.library(`${statement.module}.${name}`));
}

/** Bases that give an instance nothing which a layer has too. */
const WITHOUT_METHODS = /^(object|ABC|Generic|Protocol)\b/;

function makeClass(statement: Extract<Statement, { kind: "class" }>, scope: Scope, machine: Machine): PyClass {
  const bases = statement.bases.map((base) => evaluate(base, scope, machine));
  const inherited = bases.map((base) => {
    if (base instanceof PyClass) return base.kerasBase;
    if (!(base instanceof KerasClass)) return undefined;
    return base.name === "Sequential" ? "Sequential" : base.family === "model" ? "Model" : "Layer";
  });
  const own = bases.filter((base) => base instanceof PyClass);
  const layers = bases.map((base) => {
    if (base instanceof PyClass) return base.kerasLayer;
    return base instanceof KerasClass && base.family === "layer" && base.name !== "Layer" ? base.name : undefined;
  });
  const isNamed = (name: string | undefined): name is string => name !== undefined;
  const until = layers.findIndex(isNamed);
  const unknown = (until === -1 ? bases : bases.slice(0, until + 1)).map((base) => {
    if (base instanceof PyClass) return base.unknownBase;
    return base instanceof KerasClass || WITHOUT_METHODS.test(nameOf(base)) ? undefined : nameOf(base);
  });
  const cls = new PyClass(
    statement.name,
    own,
    inherited.find((base) => base !== undefined),
    layers.find(isNamed),
    unknown.find(isNamed),
  );
  const body = new Scope(scope, cls);
  executeBlock(statement.body, { scope: body, possible: [] }, machine);
  for (const [name, value] of body.variables) cls.members.set(name, value);
  return cls;
}
