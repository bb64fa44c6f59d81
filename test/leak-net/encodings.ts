/** The ways in which a text tends to be written down; each gives every form that it may take. */
export const encodings = {
  raw: (value) => [value, Buffer.from(value).toString('latin1')],
  url: (value) => {
    // Half of a surrogate pair cannot be sent, and is replaced.
    const sent = encodeURIComponent(Buffer.from(value).toString());
    const forms = [
      sent,
      sent.replaceAll('%20', '+'),
      sent.replaceAll(/[!'()*]/g, toPercent),
      new URLSearchParams({ '': value }).toString().slice(1),
    ];
    return [...forms, ...forms.map((form) => form.replaceAll(/%../g, (hex) => hex.toLowerCase()))];
  },
  base64: (value) => base64AtAnyOffset(value),
  base64url: (value) =>
    base64AtAnyOffset(value).map((form) => form.replaceAll('+', '-').replaceAll('/', '_')),
  hex: (value) => {
    const hex = Buffer.from(value).toString('hex');
    return [hex, hex.toUpperCase()];
  },
  json: (value) => [JSON.stringify(value).slice(1, -1)],
  html: (value) =>
    [/[&<>]/g, /[&<>"]/g, /[&<>"']/g].map((escaped) =>
      value.replaceAll(escaped, (character) => htmlEntities[character] ?? ''),
    ),
  // As bytes, and as a text that shows its zeros.
  utf16le: (value) => ['\0', '\\x00', '\\u0000'].map((zero) => Array.from(value).join(zero)),
  piece: piecesOf,
} as const satisfies Record<string, (value: string) => readonly string[]>;

export type Encoding = keyof typeof encodings;

/** Every encoded form is at least this long, and so are the pieces that count. */
export const pieceLength = 8;

const htmlEntities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function toPercent(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
}

/** Base64 writes three bytes as four characters, so a text looks different at each of three offsets. */
function base64AtAnyOffset(value: string): string[] {
  return [0, 1, 2].map((offset) => {
    const bytes = Buffer.concat([Buffer.alloc(offset), Buffer.from(value)]);
    const text = bytes.toString('base64').replaceAll('=', '');
    // The first and last characters depend on what stands beside the secret.
    const isWhole = bytes.length % 3 === 0;
    return text.slice(Math.ceil((offset * 8) / 6), isWhole ? undefined : -1);
  });
}

/** Messages tend to quote a part of what they complain about. */
function piecesOf(value: string): string[] {
  const count = Math.max(0, value.length - pieceLength + 1);
  return Array.from({ length: count }, (_, start) =>
    value.slice(start, start + pieceLength),
  ).filter((piece) => !saysNothing.test(piece));
}

/** A word, or digits such as any id is made of: found everywhere without coming from a secret. */
const saysNothing = /^(?:[a-z]+|[\da-f-]+)$/;
