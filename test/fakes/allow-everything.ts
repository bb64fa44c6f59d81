import type { Authorize, Grant } from '../../shared/password-reset/ports.js';

export const plainGrant: Grant = { mayResetAdmins: false };

export const allowEverything: Authorize = () => Promise.resolve(plainGrant);
