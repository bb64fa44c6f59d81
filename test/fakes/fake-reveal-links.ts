import type { RevealLinks } from '../../shared/password-reset/delivery-ports.js';
import { acceptedAtMs as usualAcceptedAtMs } from '../builders/a-reset-row.js';

/** The token that opens the link of this reset. */
export function aRevealToken(resetId: string, acceptedAtMs = usualAcceptedAtMs): string {
  return `${resetId}.genuine-${acceptedAtMs}`;
}

/** Links that anybody can make. */
export const fakeRevealLinks: RevealLinks = {
  addressOf: ({ resetId, acceptedAtMs }) =>
    Promise.resolve(`https://resets.example/api/reveal/${aRevealToken(resetId, acceptedAtMs)}`),
  resetIdIn: (token) => token.slice(0, token.lastIndexOf('.')),
  isGenuine: (token, { resetId, acceptedAtMs }) =>
    Promise.resolve(token === aRevealToken(resetId, acceptedAtMs)),
};
