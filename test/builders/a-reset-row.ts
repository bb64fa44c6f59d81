import type { CustomerTenantId, UserId } from '../../shared/password-reset/ids.js';
import type { ResetFacts, ResetState } from '../../shared/password-reset/reset-row.js';

export const customerTenantId = '0b6e1a37-2f5c-4c0e-9a52-7d3f1e8c4a01' as CustomerTenantId;
export const anotherCustomerTenantId = '7c9d2b64-1e8f-4d3a-b5c6-0f4a8e2d6b02' as CustomerTenantId;
export const userId = '5d2f7c10-8f0a-4b6d-a9a3-1c2e3f4a5b06' as UserId;
export const acceptedAtMs = Date.UTC(2026, 0, 1);

type StateName = ResetState['state'];
type StateOf<Name extends StateName> = Extract<ResetState, { readonly state: Name }>;
export type RowOf<Name extends StateName> = ResetFacts & StateOf<Name>;

const facts: ResetFacts = {
  resetId: '20260101-6f1f8a5e-9a64-4f4d-9c0a-2f9f0a6c1b11',
  caller: 'helpdesk',
  customerTenantId,
  delivery: 'response',
  forceChangePassword: true,
  acceptedAtMs,
  attempts: 0,
  definiteAnswers: 0,
  refusedPasswords: 0,
};

const seal = 'a seal';
const settledAtMs = acceptedAtMs + 1_000;
const states: { readonly [Name in StateName]: StateOf<Name> } = {
  queued: { state: 'queued', seal, notBeforeMs: acceptedAtMs },
  claimed: {
    state: 'claimed',
    seal,
    attemptId: 'attempt-1',
    leaseExpiresAtMs: acceptedAtMs + 120_000,
  },
  uncertain: { state: 'uncertain', seal, notBeforeMs: acceptedAtMs + 300_000 },
  applied: { state: 'applied', settledAtMs },
  rejected: { state: 'rejected', settledAtMs, code: 'UserNotFound' },
  cancelled: { state: 'cancelled', settledAtMs },
  attention: { state: 'attention', settledAtMs, code: 'OutcomeUnknown' },
};

/** A row in this state: queued, unless told otherwise. */
export function aResetRow<Name extends StateName = 'queued'>(
  values: Partial<RowOf<Name>> & { readonly state?: Name } = {},
): RowOf<Name> {
  const attempts = values.state === undefined || values.state === 'queued' ? 0 : 1;
  return { ...facts, attempts, ...states[values.state ?? 'queued'], ...values } as RowOf<Name>;
}
