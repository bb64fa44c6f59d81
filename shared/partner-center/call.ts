import type { z } from 'zod';
import type { AbsentCode } from './to-reset-error.js';

export interface Call<Reply> {
  /** Completes "Cannot …": `reset the password`. Never a sign-in name. */
  readonly purpose: string;
  /** A `GET` is repeated while that can help; a `PATCH` only when its access token was rejected. */
  readonly method: 'GET' | 'PATCH';
  /** As {@link requestUrl} takes it, its segments encoded. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  /** Where a page continues; the headers of every call are added. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  /** `MS-RequestId` of the first request, a GUID; the same when a lost answer is asked for again. */
  readonly requestId?: string;
  /** What a 404 means when its code does not tell. */
  readonly absent: AbsentCode;
  /** What is read of the reply; one that does not fit is as good as none. */
  readonly reply: z.ZodType<Reply>;
  /** @default 256 KiB */
  readonly maxReplyBytes?: number;
}

/** Rejects with a {@link ResetError} of any upstream or sign-in code. */
export type Send = <Reply>(call: Call<Reply>, signal: AbortSignal) => Promise<Reply>;
