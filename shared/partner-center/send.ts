import { v5 as uuidV5 } from 'uuid';
import { ResetError } from '../password-reset/reset-error.js';
import { withTimeout } from '../platform/deadline.js';
import type { Fetch } from '../platform/http.js';
import { backoffMs, type Random, retry, type Sleep } from '../platform/retry.js';
import type { Secret } from '../platform/secret.js';
import type { AccessTokenSource } from './access-token-source.js';
import type { Call, Send } from './call.js';
import { exchange } from './exchange.js';
import { requestUrl } from './request-url.js';
import { toResetError } from './to-reset-error.js';

export interface SendDependencies {
  readonly fetch: Fetch;
  /** The origin, without `/v1`: `https://api.partnercenter.microsoft.com`. */
  readonly baseUrl: string;
  readonly accessToken: AccessTokenSource;
  /** For a call as a whole, with its waits and repeats. */
  readonly timeoutMs: number;
  readonly now: () => number;
  readonly sleep: Sleep;
  readonly random: Random;
  readonly newRequestId: () => string;
  readonly newCorrelationId: () => string;
  /** A read failed and is about to be repeated. `attempt` is the one that failed, from 1. */
  readonly onRetry?: (error: unknown, attempt: number) => void;
}

/** As many as Microsoft's own SDK makes. */
const maxAttempts = 4;
const backoff = { baseMs: 500, capMs: 8000 };
const defaultMaxReplyBytes = 256 * 1024;

/** Sends calls to Partner Center: with a good token, within one deadline, reads repeated while that can help. */
export function createSend(dependencies: SendDependencies): Send {
  const { baseUrl, accessToken, timeoutMs, now, sleep, random, onRetry } = dependencies;

  return async (call, callerSignal) => {
    const url = requestUrl(baseUrl, call.path, call.query);
    if (url === undefined) throw leadsElsewhere(call);
    if (callerSignal.aborted) throw outOfTime(call);
    const deadlineMs = now() + timeoutMs;
    return withTimeout(
      (signal) => send({ url, call, deadlineMs }, signal),
      timeoutMs,
      callerSignal,
    );
  };

  async function send<Reply>(operation: Operation<Reply>, signal: AbortSignal): Promise<Reply> {
    const { call } = operation;
    try {
      const token = await accessToken.get(signal);
      try {
        return await sendWith(token, operation, call.requestId, signal);
      } catch (error) {
        if (!(error instanceof ResetError) || error.code !== 'AccessTokenRejected') throw error;
        // Nothing was done, so even a reset may be sent again.
        const renewed = await accessToken.renew(token, signal);
        return await sendWith(renewed, operation, nextRequestId(call), signal);
      }
    } catch (error) {
      // Whatever happens after sending is a ResetError: only the wait for a token ends otherwise.
      throw error instanceof ResetError || !signal.aborted ? error : outOfTime(call);
    }
  }

  function sendWith<Reply>(
    token: Secret,
    { url, call, deadlineMs }: Operation<Reply>,
    requestId: string | undefined,
    signal: AbortSignal,
  ): Promise<Reply> {
    const request = { maxReplyBytes: defaultMaxReplyBytes, ...call, url, accessToken: token };

    return retry(
      () =>
        exchange(
          dependencies,
          {
            ...request,
            requestId: requestId ?? dependencies.newRequestId(),
            correlationId: dependencies.newCorrelationId(),
          },
          signal,
        ),
      {
        nextDelayMs(error, attempt) {
          if (call.method !== 'GET' || attempt >= maxAttempts) return undefined;
          if (!(error instanceof ResetError) || !isPassing(error)) return undefined;
          const delayMs = (error.retryAfterMs ?? 0) + backoffMs(attempt, backoff, random);
          return now() + delayMs < deadlineMs ? delayMs : undefined;
        },
        sleep,
        ...(onRetry && { onRetry }),
      },
      signal,
    );
  }
}

interface Operation<Reply> {
  readonly url: string;
  readonly call: Call<Reply>;
  readonly deadlineMs: number;
}

/**
 * An answer came, so the id must be a new one. It is derived from the one before, so that the next call
 * with the same id comes to it again should the answer to this request be lost.
 *
 * @see https://learn.microsoft.com/partner-center/developer/headers
 */
function nextRequestId({ requestId }: Call<unknown>): string | undefined {
  return requestId === undefined ? undefined : uuidV5('after 401', requestId);
}

/** After a 429 nobody waits here: whoever called knows of the others who must not send now either. */
function isPassing({ code }: ResetError): boolean {
  return code === 'PartnerCenterUnavailable';
}

function outOfTime(call: Call<unknown>): ResetError {
  return toResetError({ kind: 'unsent', failureName: undefined }, call);
}

function leadsElsewhere({ purpose }: Call<unknown>): ResetError {
  return new ResetError(
    'PartnerCenterUnavailable',
    `Cannot ${purpose}: its address leads away from Partner Center`,
  );
}
