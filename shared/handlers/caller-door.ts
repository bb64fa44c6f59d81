import type { HttpHandler, HttpRequest, InvocationContext } from '@azure/functions';
import type { Caller } from '../callers/caller.js';
import type { Note } from '../password-reset/audit.js';
import { ResetError, type ResetErrorCode } from '../password-reset/reset-error.js';
import { untilAborted } from '../platform/deadline.js';
import type { Authenticate } from './authenticate.js';
import type { DoorResponse, HttpDoor } from './http-door.js';
import { identify } from './identify.js';

export type AnswerCaller = (
  caller: Caller,
  request: HttpRequest,
  signal: AbortSignal,
  context: InvocationContext,
) => Promise<DoorResponse>;

export type CallerDoor = (answer: AnswerCaller) => HttpHandler;

/** Who asks, and how. */
export interface KnownRequest {
  readonly caller: Caller;
  readonly request: Pick<HttpRequest, 'method'>;
  readonly context: Pick<InvocationContext, 'functionName' | 'invocationId'>;
}

export type NoteRefusals = <T>(
  known: KnownRequest,
  answer: () => Promise<T>,
  signal: AbortSignal,
) => Promise<T>;

/** Keeps for the audit what a caller is refused, and refuses it all the same. */
export function createNoteRefusals({ note }: { readonly note: Note }): NoteRefusals {
  return async ({ caller, request, context }, answer, signal) => {
    try {
      return await answer();
    } catch (error) {
      if (error instanceof ResetError && isOfInterest(request, error)) {
        const { functionName, invocationId: requestId } = context;
        const about = { caller: caller.name, functionName, requestId, code: error.code };
        const noting = note([{ action: 'request.refused', ...about }]);
        // The caller hears of it in time, whether it is kept by then or not.
        await untilAborted(noting, signal).catch(() => undefined);
      }
      throw error;
    }
  };
}

export interface CallerDoorDependencies {
  readonly door: HttpDoor;
  readonly authenticate: Authenticate;
  readonly noteRefusals: NoteRefusals;
}

/** A door for those who are listed. */
export function createCallerDoor(dependencies: CallerDoorDependencies): CallerDoor {
  const { door, authenticate, noteRefusals } = dependencies;

  return (answer) =>
    door(async (request, signal, context) => {
      const caller = await identify(() => authenticate(request, signal), context);
      const answering = () => answer(caller, request, signal, context);
      return noteRefusals({ caller, request, context }, answering, signal);
    });
}

const foreign: readonly ResetErrorCode[] = [
  'PermissionDenied',
  'CustomerNotFound',
  'PasswordResetNotFound',
  'BulkResetNotFound',
];

/** Whatever was to be changed; of what was only to be read, what was not the caller's. */
function isOfInterest({ method }: Pick<HttpRequest, 'method'>, { code }: ResetError): boolean {
  return method !== 'GET' || foreign.includes(code);
}
