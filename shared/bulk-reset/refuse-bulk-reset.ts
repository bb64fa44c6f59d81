import type { AuditEvent, Note } from '../password-reset/audit.js';
import type { ResetError } from '../password-reset/reset-error.js';
import type { BulkResetFacts, BulkResetOrder, BulkResetState } from './bulk-reset.js';
import type { BulkResetStore } from './ports.js';

export interface RefuseDependencies {
  readonly bulkResets: Pick<BulkResetStore, 'createOrRead'>;
  readonly note: Note;
  readonly now: () => number;
}

/** Records an order that could not even be read, so that whoever gave it finds out why. */
export function createRefuseBulkReset({ bulkResets, note, now }: RefuseDependencies) {
  return async (
    { bulkResetId, caller, delivery }: Pick<BulkResetOrder, 'bulkResetId' | 'caller' | 'delivery'>,
    error: ResetError,
  ): Promise<void> => {
    const state = refusedState(error);
    await bulkResets.createOrRead({
      bulkResetId,
      caller,
      delivery,
      fingerprint: '',
      acceptedAtMs: now(),
      ...state,
    });
    await note([refusedEvent({ bulkResetId, caller }, state)]);
  };
}

/** How a job ends that is not carried out, or not to its end. */
export type EndedState = Extract<BulkResetState, { readonly code: unknown }>;

export function refusedState({ code, message, target }: ResetError): EndedState {
  const where = target === undefined ? '' : `${target}: `;
  return { state: 'refused', code, message: `${where}${message}` };
}

/** A job that was stopped says how far it came. */
export function refusedEvent(
  { bulkResetId, caller, reference }: Pick<BulkResetFacts, 'bulkResetId' | 'caller' | 'reference'>,
  state: EndedState,
): AuditEvent {
  const rows = state.state === 'stopped' ? state.splitRows : undefined;
  return { action: 'job.refused', bulkResetId, caller, reference, code: state.code, rows };
}
