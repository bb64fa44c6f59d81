import { type Fetch, type FetchResponse, parseRetryAfterMs } from '../platform/http.js';
import type { Secret } from '../platform/secret.js';
import type { Call } from './call.js';
import { parseErrorCode } from './error-code.js';
import { failureName, isUnsent } from './no-answer.js';
import { parseJson } from './parse-json.js';
import { type Failure, toResetError } from './to-reset-error.js';

/** A call with all that the caller leaves open. */
export interface Exchange<Reply> extends Call<Reply> {
  readonly url: string;
  readonly accessToken: Secret;
  readonly requestId: string;
  readonly correlationId: string;
  readonly maxReplyBytes: number;
}

/**
 * One request and its answer, without a second try.
 *
 * @throws {@link ResetError}; a change whose answer was lost or cannot be read is `OutcomeUnknown`
 */
export async function exchange<Reply>(
  { fetch, now }: { readonly fetch: Fetch; readonly now: () => number },
  request: Exchange<Reply>,
  signal: AbortSignal,
): Promise<Reply> {
  const fail = (failure: Failure) => toResetError(failure, request);
  if (signal.aborted) throw fail({ kind: 'unsent', failureName: undefined });

  const response = await fetch(request.url, {
    method: request.method,
    headers: headersOf(request),
    ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
    redirect: 'manual',
    size: request.maxReplyBytes,
    signal,
  }).catch((error: unknown) => {
    throw fail({
      kind: isUnsent(error) ? 'unsent' : 'unanswered',
      failureName: signal.aborted ? 'out of time' : failureName(error),
    });
  });
  const text = await readText(response);

  if (response.status < 200 || response.status > 299) {
    throw fail({
      kind: 'refused',
      status: response.status,
      statusText: response.statusText,
      authenticate: response.headers.get('www-authenticate'),
      errorCode: parseErrorCode(text),
      retryAfterMs: parseRetryAfterMs(response.headers.get('retry-after'), now()),
    });
  }
  const reply = request.reply.safeParse(parseJson(text));
  if (!reply.success) throw fail({ kind: 'unreadable', status: response.status });
  return reply.data;
}

/** @see https://learn.microsoft.com/partner-center/developer/headers */
function headersOf<Reply>(request: Exchange<Reply>): Record<string, string> {
  return {
    ...request.headers,
    Authorization: `Bearer ${request.accessToken.reveal()}`,
    Accept: 'application/json',
    ...(request.body === undefined ? {} : { 'Content-Type': 'application/json' }),
    'MS-RequestId': request.requestId,
    'MS-CorrelationId': request.correlationId,
    'MS-Contract-Version': 'v1',
    'MS-PartnerCenter-Application': 'partner-password-reset',
    'X-Locale': 'en-US',
  };
}

/** Nothing, when the body breaks off, is too long or never ends: the status stands without it. */
async function readText(response: FetchResponse): Promise<string> {
  try {
    return await response.text();
  } catch {
    return '';
  }
}
