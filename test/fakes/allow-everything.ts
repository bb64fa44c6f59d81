import type { Authorize, Grant, ReserveResets } from '../../shared/password-reset/ports.js';

export const plainGrant: Grant = { mayResetAdmins: false };

export const allowEverything: Authorize = () => Promise.resolve(plainGrant);

export const reserveFreely: ReserveResets = () => Promise.resolve();

/** No job needs a second person. */
export const withoutApproval = {
  reserveResets: reserveFreely,
  requiresApproval: () => Promise.resolve(false),
  approvalProofs: { agreementIn: () => Promise.resolve(undefined) },
};
