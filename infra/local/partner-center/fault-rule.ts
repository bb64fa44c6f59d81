import type { Operation } from './call.js';

/** Which requests go wrong, and how. Without conditions a rule is about every request, for ever. */
export interface FaultRule {
  readonly operation?: Operation;
  readonly customerTenantId?: string;
  readonly userId?: string;
  /** How often the rule takes effect. */
  readonly times?: number;
  /** How many matching requests pass before it does. */
  readonly after?: number;
  /** From 0 to 1, drawn from a seeded sequence that starts anew with every set of rules. */
  readonly probability?: number;
  readonly effect: FaultEffect;
}

export type FaultEffect =
  /** Waits before the request is looked at; what follows is another rule's or nothing unusual. */
  | { readonly kind: 'latency'; readonly ms: number; readonly jitterMs?: number }
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: string | object;
      /** Whether a write is done all the same. */
      readonly applied?: boolean;
    }
  | { readonly kind: 'throttle'; readonly retryAfter: number | string }
  /** The connection breaks without an answer. */
  | { readonly kind: 'cut'; readonly applied: boolean }
  /** A write is done after the client has had its answer, or has none to wait for. */
  | {
      readonly kind: 'late';
      readonly applyAfterMs: number;
      readonly answer: 'cut' | 'never' | { readonly status: number };
    }
  /** Nothing is done and nothing is answered until the client gives up. */
  | { readonly kind: 'hang' }
  /** The real answer, but only the first half of its body. */
  | { readonly kind: 'truncate' }
  /** A gateway's error page. */
  | { readonly kind: 'html'; readonly status: number; readonly applied?: boolean }
  /** The real answer behind a UTF-8 byte-order mark. */
  | { readonly kind: 'bom' }
  /** The real answer with its error code as a string, as the documented schema has it. */
  | { readonly kind: 'stringCode' }
  /** The real answer with another user's id. */
  | { readonly kind: 'wrongId' }
  | {
      readonly kind: 'empty';
      readonly status: number;
      readonly statusText?: string;
      readonly headers?: Readonly<Record<string, string>>;
      readonly applied?: boolean;
    }
  /** The real answer, padded with blanks to this many bytes. */
  | { readonly kind: 'huge'; readonly bytes: number };
