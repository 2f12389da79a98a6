/**
 * Streams: the recurrent states of a client's sequence, kept from call to call. How many there are and how long they wait is
 * bounded; one that is gone is an error and never silently begins at zero again.
 */
import { badRequest, RequestError, tooBusy } from "./request-error.ts";
import type { StreamState } from "./runner.ts";

export interface SessionOptions {
  /** Milliseconds without a call after which a session is forgotten. */
  readonly ttl: number;
  /** Rows of all sessions that are kept at the same time. */
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
  /** Sequences that its calls go on with side by side. */
  readonly rows: number;
  state: StreamState | undefined;
  /** In ms of `performance.now()`, which no change of the clock moves. */
  expires: number;
  /** Calls that wait or run; it does not expire meanwhile. */
  calls: number;
  /** Calls of one session run one after the other, in the order in which they came. */
  tail: Promise<unknown>;
  /** Its first call failed: those that wait behind it have nothing to go on from. */
  failed: boolean;
}

export class Sessions {
  readonly #options: SessionOptions;
  /** The one used last is at the end, so that the first is the first to expire. */
  readonly #sessions = new Map<string, Session>();
  /** Of all of them. */
  #rows = 0;

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
   * @param rows of this call; the session's first call says how many all have
   * @throws RequestError 400 for another number of rows, 409 for a session that is not there, 429 when there are too many
   */
  async use<T extends { readonly state: StreamState }>(
    use: SessionUse,
    rows: number,
    step: (state: StreamState | undefined) => Promise<T>,
  ): Promise<T> {
    const session = this.#open(use, rows);
    session.calls++;
    const result = session.tail.then(() => {
      if (session.failed) throw unknownSession(use.id);
      return step(session.state);
    });
    session.tail = result.then(
      ({ state }) => {
        session.calls--;
        session.state = state;
        if (use.end) this.#forget(use.id, session);
        else this.#touch(use.id, session);
      },
      () => {
        session.calls--;
        session.failed ||= session.state === undefined;
        if (session.failed) this.#forget(use.id, session);
      },
    );
    return result;
  }

  #open({ id, start }: SessionUse, rows: number): Session {
    this.#forgetExpired();
    const known = this.#sessions.get(id);
    if (!start) {
      if (known === undefined) throw unknownSession(id);
      if (known.rows !== rows) throw otherRows(rows, known.rows);
      this.#touch(id, known);
      return known;
    }
    if (this.#rows - (known?.rows ?? 0) + rows > this.#options.most) {
      throw tooBusy(429, `the sessions that are open may have ${this.#options.most} rows together`, {
        hint: "End those that are done, or wait until some expire.",
      });
    }
    const session: Session = { rows, state: undefined, expires: 0, calls: 0, tail: Promise.resolve(), failed: false };
    if (known !== undefined) this.#forget(id, known);
    this.#sessions.set(id, session);
    this.#rows += rows;
    this.#touch(id, session);
    return session;
  }

  /** Only its own entry: a client may have begun another of the same name meanwhile. */
  #forget(id: string, session: Session): void {
    if (this.#sessions.get(id) !== session) return;
    this.#sessions.delete(id);
    this.#rows -= session.rows;
  }

  #touch(id: string, session: Session): void {
    if (this.#sessions.get(id) !== session) return;
    session.expires = performance.now() + this.#options.ttl;
    this.#sessions.delete(id);
    this.#sessions.set(id, session);
  }

  #forgetExpired(): void {
    const now = performance.now();
    for (const [id, session] of this.#sessions) {
      if (session.expires > now) return;
      if (session.calls === 0) this.#forget(id, session);
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

function otherRows(rows: number, wanted: number): RequestError {
  return badRequest("session", "every call of a session must have as many rows as its first, in the same order", {
    received: `rows = ${rows}, at first ${wanted}`,
  });
}
