import type { ResetErrorCode } from '../../shared/password-reset/reset-error.js';

/** One call on a port. */
export interface Effect {
  /** The same in every run that comes as far: the port's operation, what about, and which time. */
  readonly name: string;
  readonly isWrite: boolean;
}

export type Fault =
  /** The host dies; what it wanted was not done. */
  | 'crash before'
  /** The host dies; what it wanted was done. */
  | 'crash after'
  /** Refused, and not done. */
  | 'error'
  /** Done, but answered with an error. */
  | 'answer lost'
  /** Answered with an error, and done some time after. */
  | 'late'
  /** Somebody else writes the same row first. */
  | 'overtaken';

/** What befalls a call: how long it is on its way there and back, and what goes wrong. */
export interface Fate {
  readonly thereMs: number;
  readonly backMs: number;
  readonly fault?: Fault | undefined;
  /** Of what is late: from the answer until it is done. */
  readonly lateMs?: number;
}

/** What befalls a request to reset a password. */
export interface SendFate {
  /** From the call until the request goes out: signing in, a connection. */
  readonly departsMs: number;
  /** From then on until the directory looks at the request; absent when it never does. */
  readonly arrivesMs?: number | undefined;
  /** From when it went out until the client knows the answer, or knows that it gets none. */
  readonly answersMs: number;
  /** What the directory says instead of carrying it out. */
  readonly refusal?: Refusal | undefined;
  /** The client gets no answer. */
  readonly isAnswerLost?: boolean;
  /** The host dies so long after the call. */
  readonly crashesMs?: number | undefined;
}

export interface Refusal {
  readonly code: ResetErrorCode;
  readonly retryAfterMs?: number | undefined;
}

export interface Fates {
  of(effect: Effect): Fate;
  ofSend(name: string): SendFate;
  /** When each copy of a message comes, after its time: none when it is lost. */
  ofMessage(name: string): readonly number[];
}

/** All goes well, and takes the same time always. */
export const kindFates: Fates = {
  of: () => ({ thereMs: 5, backMs: 5 }),
  ofSend: () => ({ departsMs: 20, arrivesMs: 100, answersMs: 200 }),
  ofMessage: () => [0],
};
