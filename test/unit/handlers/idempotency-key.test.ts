import { describe, expect, it } from '@jest/globals';
import { readIdempotency } from '../../../shared/handlers/idempotency-key.js';
import { aRequest } from './invocation.js';

const plain = 'Idempotency-Key';
const repeatability = 'Repeatability-Request-ID';
const accepted = { 'Repeatability-Result': 'accepted' };

describe('readIdempotency()', () => {
  it.each<[string, Record<string, string>, ReturnType<typeof readIdempotency>]>([
    ['neither header', {}, { headers: {} }],
    [plain, { [plain]: 'key-1' }, { key: 'key-1', headers: {} }],
    [repeatability, { [repeatability]: 'key-1' }, { key: 'key-1', headers: accepted }],
    [
      'both, with one key',
      { [plain]: 'key-1', [repeatability]: 'key-1' },
      { key: 'key-1', headers: accepted },
    ],
    ['one character', { [plain]: '1' }, { key: '1', headers: {} }],
    ['255 characters', { [plain]: 'x'.repeat(255) }, { key: 'x'.repeat(255), headers: {} }],
    ['every symbol', { [plain]: '~! "}@' }, { key: '~! "}@', headers: {} }],
    ['the text of an expression', { [plain]: '@{guid()}' }, { headers: {} }],
    ['an @ alone', { [repeatability]: '@' }, { headers: {} }],
    [
      'the text of an expression beside a key',
      { [plain]: 'key-1', [repeatability]: '@guid()' },
      { key: 'key-1', headers: {} },
    ],
  ])('reads %s', (_, headers, expected) => {
    expect(readIdempotency(aRequest({ headers }))).toEqual(expected);
  });

  it.each<[string, Record<string, string>, string]>([
    ['an empty key', { [plain]: '' }, plain],
    ['a blank key', { [repeatability]: '  ' }, repeatability],
    ['256 characters', { [plain]: 'x'.repeat(256) }, plain],
    ['a letter that is not ASCII', { [plain]: 'schlüssel' }, plain],
    ['a tab', { [repeatability]: 'a\tb' }, repeatability],
    ['two keys', { [plain]: 'key-1', [repeatability]: 'KEY-1' }, repeatability],
  ])('refuses %s', (_, headers, target) => {
    expect(() => readIdempotency(aRequest({ headers }))).toThrow(
      expect.objectContaining({ code: 'InvalidRequest', target }),
    );
  });
});
