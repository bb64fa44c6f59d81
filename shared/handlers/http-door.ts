import type { HttpHandler, HttpRequest, InvocationContext } from '@azure/functions';
import { ResetError } from '../password-reset/reset-error.js';
import { log } from '../platform/log.js';
import { type JsonResponse, type TextResponse, toErrorResponse } from './error-response.js';

export type DoorResponse = JsonResponse | TextResponse;

export type Answer = (
  request: HttpRequest,
  signal: AbortSignal,
  context: InvocationContext,
) => Promise<DoorResponse>;

export interface HttpDoorOptions {
  /** Until the answer must be there. */
  readonly budgetMs: number;
  /** What those who come through this door are told of a failure. @default the error object */
  readonly toFailure?: (error: ResetError) => DoorResponse;
}

export type HttpDoor = (answer: Answer) => HttpHandler;

/**
 * What every HTTP door does around its own answer: one deadline, the error object for what was
 * foreseen, the headers that every answer has. Anything unforeseen travels up to a bare 500.
 */
export function createHttpDoor({
  budgetMs,
  toFailure = toErrorResponse,
}: HttpDoorOptions): HttpDoor {
  return (answer) => async (request, context) => {
    const response = await answerOrError(answer, request, context);
    const headers = { ...headersFor(request, context), ...response.headers };
    return { ...response, headers };
  };

  async function answerOrError(
    answer: Answer,
    request: HttpRequest,
    context: InvocationContext,
  ): Promise<DoorResponse> {
    const signal = AbortSignal.timeout(budgetMs);
    try {
      return await answer(request, signal, context);
    } catch (thrown) {
      const error = thrown === signal.reason ? tookTooLong() : thrown;
      if (!(error instanceof ResetError)) throw error;
      const { code, correlationId } = error;
      log(context, 'warn', 'request refused', {
        code,
        ...(correlationId !== undefined && { correlationId }),
      });
      return toFailure(error);
    }
  }
}

function tookTooLong(): ResetError {
  return new ResetError(
    'TimedOut',
    'It took too long: ask again, with the same Idempotency-Key if there was one',
  );
}

const clientRequestId = 'x-ms-client-request-id';
/** The host sends no header with anything else, and would lose the answer with it. */
const repeatable = /^[\x20-\x7e]{1,128}$/;

function headersFor(request: HttpRequest, context: InvocationContext): Record<string, string> {
  const theirs = request.headers.get(clientRequestId) ?? '';
  return {
    'x-ms-request-id': context.invocationId,
    ...(repeatable.test(theirs) && { [clientRequestId]: theirs }),
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
  };
}
