import { randomBytes } from 'node:crypto';
import { announceSecret } from '../announcements.js';
import { Refusal } from './refusal.js';

export interface RefreshTokens {
  /** The newest valid one; when none is left, a new one, as a person's renewed consent gives. */
  newest(): string;
  /** Redemption does not revoke the tokens before. */
  issue(): string;
  revokeAll(): void;
  /** @throws {@link Refusal} unless it is valid */
  check(token: string): void;
}

const lifetimeMs = 90 * 24 * 3_600_000;
/** How Entra's begin; anything else is not even taken for one. */
const prefix = '1.A';

/**
 * The refresh tokens of one service user for one app: 90 days each, counted from issue.
 *
 * @see https://learn.microsoft.com/entra/identity-platform/refresh-tokens
 */
export function createRefreshTokens(initial: readonly string[], now: () => number): RefreshTokens {
  const issued = new Map<string, { readonly issuedAtMs: number; revoked: boolean }>();
  const add = (token: string) => {
    announceSecret('refresh token', token);
    issued.set(token, { issuedAtMs: now(), revoked: false });
    return token;
  };
  const issue = () => add(prefix + randomBytes(48).toString('base64url'));
  initial.forEach(add);
  let newest = initial.at(-1) ?? issue();

  const codeFor = (token: string): number | undefined => {
    const entry = issued.get(token);
    if (entry === undefined) return token.startsWith(prefix) ? 70000 : 9002313;
    if (entry.revoked) return 50173;
    return now() - entry.issuedAtMs < lifetimeMs ? undefined : 700082;
  };

  return {
    newest() {
      if (codeFor(newest) !== undefined) newest = issue();
      return newest;
    },
    issue: () => (newest = issue()),
    revokeAll() {
      for (const entry of issued.values()) entry.revoked = true;
    },
    check(token) {
      const code = codeFor(token);
      // Text that is no refresh token gets the code of a malformed request, but `invalid_grant`.
      if (code !== undefined) throw new Refusal(code, 'invalid_grant');
    },
  };
}
