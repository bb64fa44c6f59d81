import type { Operation } from './call.js';

/** What was asked and what became of it; never a password or a token. */
export interface RecordedRequest {
  readonly atMs: number;
  readonly operation: Operation;
  readonly method: string;
  /** With its query. */
  readonly path: string;
  /** Without `authorization`. */
  readonly headers: Readonly<Record<string, string>>;
  readonly customerTenantId?: string;
  readonly userId?: string;
  /** As sent, not as invented for the answer. */
  readonly requestId?: string;
  readonly correlationId?: string;
  /** `cut` when the connection ended without an answer, `pending` while there is none. */
  readonly status: number | 'cut' | 'pending';
  /** For a write: whether it was done. */
  readonly applied?: boolean;
  /** The names at the top of a JSON body. */
  readonly bodyKeys?: readonly string[];
}

/** The same while its request is under way. */
export interface OpenRecord extends RecordedRequest {
  status: RecordedRequest['status'];
  applied?: boolean;
}
