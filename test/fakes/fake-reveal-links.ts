import type { RevealLinks } from '../../shared/password-reset/ports.js';

const genuine = '.genuine';

/** The token that opens the link of this reset. */
export function aRevealToken(resetId: string): string {
  return `${resetId}${genuine}`;
}

/** Links that anybody can make. */
export const fakeRevealLinks: RevealLinks = {
  addressOf: (resetId) =>
    Promise.resolve(`https://resets.example/api/reveal/${aRevealToken(resetId)}`),
  resetIdIn: (token) => token.slice(0, token.lastIndexOf('.')),
  isGenuine: (token) => Promise.resolve(token.endsWith(genuine)),
};
