import { textRule, type FieldRule } from '../faults/parse-faults.js';
import type { TransportFault } from '../faults/transport-fault.js';
import { isKnownCode } from './refusal.js';

/**
 * What can go wrong when the app asks for a token; users who sign in are not hit.
 *
 * - `aadsts`: Entra refuses with this code. `error` overrides the one that goes with it.
 * - `withoutMfa`, `audience`, `withoutRefreshToken`: a token is issued, but without a second factor,
 *   for somebody else, or without its refresh token.
 */
export type TokenFault = { readonly times?: number } & (
  | TransportFault
  | { readonly aadsts: number; readonly error?: string }
  | { readonly withoutMfa: true }
  | { readonly audience: string }
  | { readonly withoutRefreshToken: true }
);

const yes: FieldRule = { mustBe: 'true', holds: (value) => value === true };

export const tokenFaultGrammar = {
  what: {
    aadsts: { mustBe: 'the number of a known AADSTS code', holds: isKnownCode },
    withoutMfa: yes,
    audience: textRule,
    withoutRefreshToken: yes,
  },
  beside: { error: { ...textRule, goesWith: 'aadsts' } },
  alongside: ['withoutMfa', 'audience', 'withoutRefreshToken'],
};
