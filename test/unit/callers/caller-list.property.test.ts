import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parseCallerList, UnusableCallerList } from '../../../shared/callers/caller-list.js';
import { permissions } from '../../../shared/callers/caller.js';
import { deliveries } from '../../../shared/password-reset/reset-row.js';
import { Secret } from '../../../shared/platform/secret.js';

// The same lists in every run: a test that turns red was broken by a change, not by the draw.
fc.configureGlobal({ seed: 20_260_101, numRuns: 300 });

const nowMs = Date.UTC(2026, 0, 1);
/** What a person could paste into the wrong place. */
const secret = 'Zq7-XK!v%9Wm';

interface Listed {
  readonly name: string;
  readonly permissions: readonly string[];
  readonly customers: '*' | readonly string[];
  readonly keys: readonly Key[];
}

interface Key {
  /** From now, or never. */
  readonly expiresInMs: number | undefined;
  /** Of the clock by which the expiry is written. */
  readonly offsetMinutes: number;
}

describe('parseCallerList()', () => {
  it('knows every caller by name and by each key until it expires, and nobody else', () => {
    fc.assert(
      fc.property(someListed(), fc.string(), (listed, other) => {
        const list = parseCallerList(new Secret(JSON.stringify(toList(listed))));

        for (const { name, permissions: granted, customers, keys } of listed) {
          expect(list.findByName(name)).toEqual({
            name,
            people: new Set(),
            permissions: new Set(granted),
            customers: customers === '*' ? 'all' : new Set(customers.map((id) => id.toLowerCase())),
            deliveries: new Set(deliveries),
            recipientKeys: new Map(),
            maxResetsPerDay: 1_000,
            approvalAboveRows: 200,
          });
          const found = keys.map((_, at) => list.findByApiKey(keyOf(name, at), nowMs)?.name);
          expect(found).toEqual(
            keys.map(({ expiresInMs = 1 }) => (expiresInMs > 0 ? name : undefined)),
          );
          expect(list.findByApiKey(keyOf(name, keys.length), nowMs)).toBeUndefined();
        }
        const isListed = listed.some(({ name }) => name === other);
        expect(list.findByName(other) !== undefined).toBe(isListed);
        expect(list.findByApiKey(new Secret(other), nowMs)).toBeUndefined();
      }),
    );
  });

  it('quotes no part of a value, wherever in a list it stands', () => {
    const aPlant = fc.constantFrom<unknown>(
      secret,
      [secret],
      { sha256: secret },
      { name: secret },
      { [secret]: true },
    );

    fc.assert(
      fc.property(someListed(), aPlant, fc.nat(), (listed, plant, at) => {
        const list = toList(listed);
        const places = placesIn(list);
        const text = JSON.stringify(replaced(list, places[at % places.length] ?? [], plant));

        const refusal = refusalOf(text);

        expect(refusal).toContain('cannot be used');
        expect(piecesOf(secret).filter((piece) => refusal?.includes(piece))).toEqual([]);
      }),
    );
  });

  it('fails for no text in another way, and quotes none of a text that is no JSON', () => {
    const aText = fc.oneof(
      fc.json(),
      fc.string({ unit: 'binary' }),
      fc
        .tuple(someListed(), fc.nat())
        .map(([listed, at]) => JSON.stringify(toList(listed)).slice(0, -1 - (at % 200)) + secret),
    );

    fc.assert(
      fc.property(aText, (text) => {
        const refusal = refusalOf(text);

        expect(refusal).toContain('cannot be used');
        expect(piecesOf(secret).filter((piece) => refusal?.includes(piece))).toEqual([]);
      }),
    );
  });
});

function someListed(): fc.Arbitrary<Listed[]> {
  const aKey = fc.record({
    expiresInMs: fc.option(fc.integer({ min: -1_000_000, max: 1_000_000 }), { nil: undefined }),
    offsetMinutes: fc.integer({ min: -14 * 60, max: 14 * 60 }),
  });
  const listed = fc.record({
    name: fc.stringMatching(/^[a-z0-9][a-z0-9-]{0,62}$/),
    permissions: fc.subarray([...permissions]),
    customers: fc.oneof(
      fc.constant('*' as const),
      fc.array(fc.mixedCase(fc.uuid()), { maxLength: 3 }),
    ),
    keys: fc.array(aKey, { maxLength: 2 }),
  });
  return fc.uniqueArray(listed, { selector: ({ name }) => name, maxLength: 4 });
}

/** The list as it lies in the vault. */
function toList(listed: readonly Listed[]) {
  return {
    callers: listed.map(({ keys, ...caller }) => ({
      ...caller,
      apiKeys: keys.map(({ expiresInMs, offsetMinutes }, at) => ({
        sha256: createHash('sha256').update(keyOf(caller.name, at).reveal()).digest('hex'),
        ...(expiresInMs !== undefined && {
          expiresAt: withOffset(nowMs + expiresInMs, offsetMinutes),
        }),
      })),
    })),
  };
}

function keyOf(name: string, at: number): Secret {
  return new Secret(`key ${at} of ${name}`);
}

/** The time as a clock shows it that is so many minutes ahead. */
function withOffset(atMs: number, minutes: number): string {
  const two = (value: number) => String(value).padStart(2, '0');
  const ahead = Math.abs(minutes);
  const offset = `${minutes < 0 ? '-' : '+'}${two(Math.floor(ahead / 60))}:${two(ahead % 60)}`;
  return new Date(atMs + minutes * 60_000).toISOString().replace('Z', offset);
}

/** Of every value in the value, the way to it. */
function placesIn(value: unknown): string[][] {
  const children = typeof value === 'object' && value !== null ? Object.entries(value) : [];
  const within = children.flatMap(([key, child]) => placesIn(child).map((way) => [key, ...way]));
  return [[], ...within];
}

function replaced(value: unknown, [key, ...way]: readonly string[], by: unknown): unknown {
  if (key === undefined) return by;
  const copy: unknown = structuredClone(value);
  const parent = copy as Record<string, unknown>;
  parent[key] = replaced(parent[key], way, by);
  return copy;
}

function refusalOf(text: string): string | undefined {
  try {
    parseCallerList(new Secret(text));
    return undefined;
  } catch (error) {
    return error instanceof UnusableCallerList ? error.message : `no refusal: ${String(error)}`;
  }
}

function piecesOf(text: string): string[] {
  return Array.from({ length: text.length - 3 }, (_, at) => text.slice(at, at + 4));
}
