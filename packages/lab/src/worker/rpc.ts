/**
 * Calls between the page and the worker, typed by one interface. A call has a number; the answer carries it back. Errors
 * cross as plain records.
 */

/** Every method takes one argument and answers in a promise. */
export type Methods = Readonly<Record<string, (argument: never) => unknown>>;

export type Client<M> = {
  readonly [K in keyof M]: M[K] extends (argument: infer A) => infer R ? (argument: A) => Promise<Awaited<R>> : never;
};

export interface Failure {
  readonly message: string;
  readonly path?: string;
  readonly hint?: string;
  /** True for what the user can do something about. */
  readonly expected: boolean;
}

/** A failed call, with what the worker said about it. */
export class CallError extends Error {
  readonly failure: Failure;

  constructor(failure: Failure) {
    super(failure.message);
    this.failure = failure;
  }
}

interface Call {
  readonly id: number;
  readonly method: string;
  readonly argument: unknown;
}
type Answer = { readonly id: number; readonly result: unknown } | { readonly id: number; readonly failure: Failure };
interface Notice {
  readonly event: string;
  readonly data: unknown;
}

/** The page's side. */
export function connect<M>(worker: Worker, onEvent: (event: string, data: unknown) => void): Client<M> {
  const open = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>();
  let last = 0;
  worker.onmessage = ({ data }: MessageEvent<Answer | Notice>) => {
    if ("event" in data) {
      onEvent(data.event, data.data);
      return;
    }
    const call = open.get(data.id);
    open.delete(data.id);
    if ("failure" in data) call?.reject(new CallError(data.failure));
    else call?.resolve(data.result);
  };
  worker.onerror = (event) => {
    for (const call of open.values()) call.reject(new Error(event.message || "the worker could not start"));
    open.clear();
  };
  return new Proxy({} as Client<M>, {
    get: (_, method: string) => (argument: unknown) =>
      new Promise((resolve, reject) => {
        last += 1;
        open.set(last, { resolve, reject });
        worker.postMessage({ id: last, method, argument } satisfies Call);
      }),
  });
}

/** The worker's side. */
export function serve<M extends Methods>(
  methods: M,
  describe: (error: unknown) => Failure,
): (event: string, data: unknown) => void {
  self.onmessage = async ({ data }: MessageEvent<Call>) => {
    const { id, method, argument } = data;
    try {
      const call = Object.hasOwn(methods, method) ? methods[method] : undefined;
      if (call === undefined) throw new Error(`there is no call named ${method}`);
      self.postMessage({ id, result: await call(argument as never) } satisfies Answer);
    } catch (error) {
      self.postMessage({ id, failure: describe(error) } satisfies Answer);
    }
  };
  return (event, data) => self.postMessage({ event, data } satisfies Notice);
}
