/**
 * The part of Python that is understood, as plain data: what parse.ts makes and the interpreter walks.
 * Anything else is an `unsupported` node that carries what it was, so that it can be named with its line and skipped.
 */

interface At {
  /** Line from 1, in the file or (for an .ipynb) in its cell. */
  readonly line: number;
}

export type BinaryOperator = "+" | "-" | "*" | "/" | "//" | "%" | "**" | "@" | "<<" | ">>" | "&" | "|" | "^";
export type CompareOperator = "<" | ">" | "<=" | ">=" | "==" | "!=" | "in" | "not in" | "is" | "is not";

export interface Argument {
  readonly kind: "positional" | "keyword" | "star" | "double-star";
  readonly name?: string;
  readonly value: Expression;
}

/** A piece of an f-string: text, or a value with its conversion and format. */
export type FormatPart =
  | string
  | { readonly value: Expression; readonly conversion: string; readonly spec: readonly FormatPart[] };

export interface ComprehensionClause {
  readonly kind: "for" | "if";
  /** Loop variables, for a `for` clause. */
  readonly target?: Expression;
  /** What is looped over, or the condition. */
  readonly value: Expression;
}

export interface Parameter {
  readonly name: string;
  readonly kind: "plain" | "star" | "double-star" | "keyword-only";
  readonly defaultValue?: Expression;
}

export type Expression = At &
  (
    | { readonly kind: "constant"; readonly value: number | string | boolean | null }
    | { readonly kind: "ellipsis" }
    | { readonly kind: "format"; readonly parts: readonly FormatPart[] }
    | { readonly kind: "name"; readonly name: string }
    | { readonly kind: "list" | "tuple" | "set"; readonly items: readonly Expression[] }
    | { readonly kind: "dict"; readonly entries: readonly { readonly key?: Expression; readonly value: Expression }[] }
    | { readonly kind: "attribute"; readonly object: Expression; readonly name: string }
    | { readonly kind: "subscript"; readonly object: Expression; readonly index: Expression }
    | { readonly kind: "slice"; readonly start?: Expression; readonly stop?: Expression; readonly step?: Expression }
    | { readonly kind: "call"; readonly callee: Expression; readonly args: readonly Argument[] }
    | { readonly kind: "unary"; readonly operator: "-" | "+" | "~" | "not"; readonly value: Expression }
    | {
        readonly kind: "binary";
        readonly operator: BinaryOperator;
        readonly left: Expression;
        readonly right: Expression;
      }
    | {
        readonly kind: "logical";
        readonly operator: "and" | "or";
        readonly left: Expression;
        readonly right: Expression;
      }
    | {
        readonly kind: "compare";
        readonly first: Expression;
        readonly rest: readonly { readonly operator: CompareOperator; readonly value: Expression }[];
      }
    | {
        readonly kind: "conditional";
        readonly test: Expression;
        readonly whenTrue: Expression;
        readonly otherwise: Expression;
      }
    | {
        readonly kind: "lambda";
        readonly parameters: readonly Parameter[];
        readonly body: Expression;
        readonly text: string;
      }
    | {
        readonly kind: "comprehension";
        readonly result: "list" | "set" | "dict" | "generator";
        readonly key?: Expression;
        readonly element: Expression;
        readonly clauses: readonly ComprehensionClause[];
      }
    | { readonly kind: "walrus"; readonly name: string; readonly value: Expression }
    | { readonly kind: "starred"; readonly value: Expression }
    | { readonly kind: "unsupported"; readonly what: string }
  );

export type Statement = At &
  (
    | { readonly kind: "expression"; readonly value: Expression }
    | { readonly kind: "assign"; readonly targets: readonly Expression[]; readonly value: Expression }
    | {
        readonly kind: "update";
        readonly target: Expression;
        readonly operator: BinaryOperator;
        readonly value: Expression;
      }
    | {
        readonly kind: "if";
        readonly test: Expression;
        readonly whenTrue: readonly Statement[];
        readonly otherwise: readonly Statement[];
      }
    | {
        readonly kind: "for";
        readonly target: Expression;
        readonly values: Expression;
        readonly body: readonly Statement[];
        readonly otherwise: readonly Statement[];
      }
    | { readonly kind: "while"; readonly test: Expression; readonly body: readonly Statement[] }
    | {
        readonly kind: "function";
        readonly name: string;
        readonly parameters: readonly Parameter[];
        readonly body: readonly Statement[];
        readonly decorators: readonly Expression[];
        /** Generators and coroutines are not run. */
        readonly suspends: boolean;
      }
    | {
        readonly kind: "class";
        readonly name: string;
        readonly bases: readonly Expression[];
        readonly body: readonly Statement[];
      }
    | { readonly kind: "return"; readonly value?: Expression }
    | { readonly kind: "import"; readonly modules: readonly { readonly path: string; readonly alias?: string }[] }
    | {
        readonly kind: "from";
        readonly module: string;
        readonly names: readonly { readonly name: string; readonly alias: string }[] | "*";
      }
    | {
        readonly kind: "with";
        readonly items: readonly { readonly value: Expression; readonly target?: Expression }[];
        readonly body: readonly Statement[];
      }
    | {
        readonly kind: "try";
        readonly body: readonly Statement[];
        readonly handlers: readonly (readonly Statement[])[];
        readonly otherwise: readonly Statement[];
        readonly last: readonly Statement[];
      }
    | { readonly kind: "raise"; readonly value?: Expression }
    | { readonly kind: "scope"; readonly names: readonly string[] }
    | { readonly kind: "delete"; readonly targets: readonly Expression[] }
    | { readonly kind: "break" | "continue" | "pass" }
    | { readonly kind: "unsupported"; readonly what: string }
  );
