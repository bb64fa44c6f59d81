/** A text in which the secret stands, written in one of the ways that must be found. */
export interface Writing {
  readonly name: string;
  /** As the net calls it. */
  readonly encoding: string;
  readonly write: (secret: string) => string;
}

const base64At = (offset: number, format: 'base64' | 'base64url') => (secret: string) =>
  Buffer.from(`${'x'.repeat(offset)}${secret}yz`).toString(format);

/** Written by other means than those of the net, which would agree with its own mistakes. */
export const writings: readonly Writing[] = [
  { name: 'raw', encoding: 'raw', write: (secret) => secret },
  { name: 'url', encoding: 'url', write: encodeURIComponent },
  {
    name: 'form',
    encoding: 'url',
    write: (secret) => new URLSearchParams({ secret }).toString(),
  },
  { name: 'base64 at 0', encoding: 'base64', write: base64At(0, 'base64') },
  { name: 'base64 at 1', encoding: 'base64', write: base64At(1, 'base64') },
  { name: 'base64 at 2', encoding: 'base64', write: base64At(2, 'base64') },
  { name: 'base64url', encoding: 'base64url', write: base64At(1, 'base64url') },
  { name: 'hex', encoding: 'hex', write: (secret) => Buffer.from(secret).toString('hex') },
  { name: 'json', encoding: 'json', write: (secret) => JSON.stringify({ secret }) },
  {
    name: 'html',
    encoding: 'html',
    write: (secret) =>
      secret
        .replaceAll('&', '&amp;')
        .replaceAll('<', '&lt;')
        .replaceAll('>', '&gt;')
        .replaceAll('"', '&quot;')
        .replaceAll("'", '&#39;'),
  },
  {
    name: 'utf-16le',
    encoding: 'utf16le',
    write: (secret) => Buffer.from(secret, 'utf16le').toString('latin1'),
  },
  // With letters, a digit and a symbol: a word alone is no piece of a secret.
  { name: 'a piece', encoding: 'piece', write: (secret) => secret.slice(3, 11) },
];
