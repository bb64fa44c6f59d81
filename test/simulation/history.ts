import type { BulkResetRow } from '../../shared/bulk-reset/bulk-reset.js';
import type { PasswordResetOrder } from '../../shared/password-reset/password-reset-order.js';
import type { ResetErrorCode } from '../../shared/password-reset/reset-error.js';
import type { ClaimedRow, ResetRow } from '../../shared/password-reset/reset-row.js';

/** Something that happened, told as one who sees everything would. */
export type Happening =
  | { readonly kind: 'asked'; readonly ask: number; readonly order: PasswordResetOrder }
  /** Storage has another row from now on. */
  | { readonly kind: 'stored'; readonly row: ResetRow; readonly before?: ResetRow | undefined }
  | { readonly kind: 'job stored'; readonly job: BulkResetRow }
  | { readonly kind: 'locked'; readonly user: string; readonly resetId: string }
  | ({ readonly kind: 'sent' } & Send)
  /** A request came to the directory and was carried out. */
  | ({ readonly kind: 'applied'; readonly isLate: boolean } & SendPointer)
  /** A request came to the directory a second time, and was answered as the first one. */
  | ({ readonly kind: 'recognized' } & SendPointer)
  | ({ readonly kind: 'refused'; readonly code: ResetErrorCode } & SendPointer)
  /** The client knows the answer, or that it gets none. */
  | ({ readonly kind: 'answered'; readonly code?: ResetErrorCode | undefined } & SendPointer)
  | {
      readonly kind: 'told';
      readonly ask: number;
      readonly resetId: string;
      readonly status: string;
    }
  | { readonly kind: 'job told'; readonly bulkResetId: string; readonly status: string }
  | { readonly kind: 'acknowledged'; readonly bulkResetId: string }
  | { readonly kind: 'turned away'; readonly ask: number; readonly code: string }
  /** Somebody read the password; reading took from then to now. */
  | {
      readonly kind: 'disclosed';
      readonly resetId: string;
      readonly password: string;
      readonly fromMs: number;
    }
  | { readonly kind: 'withheld'; readonly resetId: string; readonly why: string }
  | { readonly kind: 'changed'; readonly user: string; readonly password: string }
  | { readonly kind: 'fault'; readonly what: string }
  | { readonly kind: 'crashed' }
  | { readonly kind: 'operated'; readonly what: string }
  | { readonly kind: 'failed'; readonly what: string; readonly error: string };

export interface SendPointer {
  readonly send: number;
  readonly user: string;
  readonly resetId: string;
  readonly password: string;
}

/** A request that goes out, and what storage said when it did. */
export interface Send extends SendPointer {
  readonly attempt: ClaimedRow;
  readonly stored: ResetRow | undefined;
  readonly lockedBy: string | undefined;
  readonly endsMs: number;
}

export type HistoryEvent = Happening & { readonly atMs: number; readonly who: string };

export type Happened<Kind extends HistoryEvent['kind']> = Extract<
  HistoryEvent,
  { readonly kind: Kind }
>;

/** Somebody who looks at some kinds of events. */
export type Observer = {
  readonly [Kind in HistoryEvent['kind']]?: (event: Happened<Kind>) => void;
};

export function observe(observer: Observer, event: HistoryEvent): void {
  (observer[event.kind] as ((event: HistoryEvent) => void) | undefined)?.(event);
}

/** All that happened in one run, in order. */
export class History {
  readonly events: HistoryEvent[] = [];
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  note(who: string, happening: Happening): void {
    this.events.push({ ...happening, atMs: this.#now(), who });
  }
}
