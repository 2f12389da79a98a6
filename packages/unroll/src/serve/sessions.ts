/**
 * Streams: the recurrent states of a client's sequence, kept from call to call. How many there are and how long they wait is
 * bounded; one that is gone is an error and never silently begins at zero again.
 */
import { RequestError, tooBusy } from "./request-error.ts";
import type { StreamState } from "./runner.ts";

export interface SessionOptions {
  /** Milliseconds without a call after which a session is forgotten. */
  readonly ttl: number;
  /** Sessions kept at the same time. */
  readonly most: number;
}

/** Which session a request belongs to, and what it does with it. */
export interface SessionUse {
  readonly id: string;
  /** Begin at zero, whether or not there was one of this name. */
  readonly start: boolean;
  /** Forget it after this call. */
  readonly end: boolean;
}

interface Session {
  state: StreamState | undefined;
  expires: number;
  /** Calls of one session run one after the other, in the order in which they came. */
  tail: Promise<unknown>;
  /** Its first call failed: those that wait behind it have nothing to go on from. */
  failed: boolean;
}

export class Sessions {
  readonly #options: SessionOptions;
  /** The one used last is at the end, so that the first is the first to expire. */
  readonly #sessions = new Map<string, Session>();

  constructor(options: SessionOptions) {
    this.#options = options;
  }

  /** Sessions that are kept now. */
  get count(): number {
    this.#forgetExpired();
    return this.#sessions.size;
  }

  /**
   * Runs `step` on the session's state and keeps what it gives; a step that fails leaves the state as it was.
   *
   * @throws RequestError 409 for a session that is not there, 429 when there are too many
   */
  async use<T extends { readonly state: StreamState }>(
    use: SessionUse,
    step: (state: StreamState | undefined) => Promise<T>,
  ): Promise<T> {
    const session = this.#open(use);
    const result = session.tail.then(() => {
      if (session.failed) throw unknownSession(use.id);
      return step(session.state);
    });
    session.tail = result.then(
      ({ state }) => {
        session.state = state;
        // Only its own entry: a client may have begun another of the same name meanwhile.
        if (use.end && this.#sessions.get(use.id) === session) this.#sessions.delete(use.id);
        else this.#touch(use.id, session);
      },
      () => {
        session.failed ||= session.state === undefined;
        if (session.failed && this.#sessions.get(use.id) === session) this.#sessions.delete(use.id);
      },
    );
    return result;
  }

  #open({ id, start }: SessionUse): Session {
    this.#forgetExpired();
    const known = this.#sessions.get(id);
    if (!start) {
      if (known === undefined) throw unknownSession(id);
      this.#touch(id, known);
      return known;
    }
    if (known === undefined && this.#sessions.size >= this.#options.most) {
      throw tooBusy(429, `${this.#options.most} sessions may be open at a time`, {
        hint: "End those that are done, or wait until some expire.",
      });
    }
    const session: Session = { state: undefined, expires: 0, tail: Promise.resolve(), failed: false };
    this.#sessions.set(id, session);
    this.#touch(id, session);
    return session;
  }

  #touch(id: string, session: Session): void {
    if (this.#sessions.get(id) !== session) return;
    session.expires = Date.now() + this.#options.ttl;
    this.#sessions.delete(id);
    this.#sessions.set(id, session);
  }

  #forgetExpired(): void {
    const now = Date.now();
    for (const [id, { expires }] of this.#sessions) {
      if (expires > now) return;
      this.#sessions.delete(id);
    }
  }
}

function unknownSession(id: string): RequestError {
  return new RequestError(409, {
    code: "data",
    path: "session",
    expected: "a session must have been started, and not have expired or ended since; a reload of its model ends it",
    received: `session = ${JSON.stringify(id.slice(0, 60))}`,
    hint: "Start it again from the sequence's beginning.",
  });
}
