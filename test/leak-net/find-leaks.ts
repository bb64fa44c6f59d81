import { type Encoding, encodings, pieceLength } from './encodings.js';

/** What must not be found, and what may be printed of it. */
export interface Guarded {
  readonly kind: string;
  readonly value: string;
  /** The part of it whose pieces give it away. */
  readonly telling: string;
}

/** What was found in a text: of which kind, and written how. */
export interface Finding {
  readonly kind: string;
  readonly encoding: Encoding;
}

export type FindLeaks = (text: string) => readonly Finding[];

interface Needle extends Finding {
  readonly form: string;
}

/**
 * Looks for all encodings of all secrets in one pass: where the hash of the next eight characters is one
 * that a secret begins with, what begins with them is compared.
 */
export function createFindLeaks(guarded: Iterable<Guarded>): FindLeaks {
  const needles = new Map<string, Needle[]>();
  const isStart = new Uint8Array(hashes);
  for (const { kind, encoding, form } of needlesFor(guarded)) {
    const start = form.slice(0, pieceLength);
    const others = needles.get(start);
    if (others === undefined) needles.set(start, [{ kind, encoding, form }]);
    else others.push({ kind, encoding, form });
    isStart[hashOf(start) >>> hashShift] = 1;
  }

  function findIn(text: string, found: Map<string, Finding>): void {
    let hash = hashOf(text.slice(0, pieceLength - 1));
    for (let end = pieceLength - 1; end < text.length; end += 1) {
      hash = (imul(hash, base) + text.charCodeAt(end)) | 0;
      const at = end - pieceLength + 1;
      if (isStart[hash >>> hashShift] === 1) {
        for (const { form, kind, encoding } of needles.get(text.slice(at, end + 1)) ?? []) {
          if (text.startsWith(form, at)) found.set(`${kind} ${encoding}`, { kind, encoding });
        }
      }
      hash = (hash - imul(text.charCodeAt(at), highest)) | 0;
    }
  }

  return (text) => {
    const found = new Map<string, Finding>();
    findIn(text, found);
    // A text within a quoted text is escaped once more than by itself.
    if (text.search(quoted) >= 0) findIn(text.replaceAll(quoted, '$1'), found);
    return [...found.values()];
  };
}

const quoted = /\\(["'`\\])/g;

function* needlesFor(guarded: Iterable<Guarded>): Generator<Needle> {
  for (const { kind, value, telling } of guarded) {
    for (const [encoding, formsOf] of Object.entries(encodings)) {
      for (const form of new Set(formsOf(encoding === 'piece' ? telling : value))) {
        if (form.length < pieceLength) continue;
        yield { kind, encoding: encoding as Encoding, form };
      }
    }
  }
}

// In a test, Jest looks every global up anew, which for each character of megabytes takes most of the time.
const { imul } = Math;

const base = 0x01000193;
/** Of the character that leaves the window. */
const highest = Array.from({ length: pieceLength - 1 }).reduce<number>(
  (power) => imul(power, base),
  1,
);
const hashShift = 12;
const hashes = 2 ** (32 - hashShift);

function hashOf(text: string): number {
  let hash = 0;
  for (let index = 0; index < text.length; index += 1) {
    hash = (imul(hash, base) + text.charCodeAt(index)) | 0;
  }
  return hash;
}
