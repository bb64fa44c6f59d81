import { describe, expect, it } from '@jest/globals';
import { parse } from 'csv-parse/sync';
import { toPasswordResetView } from '../../../shared/handlers/password-reset-view.js';
import { toRowsText } from '../../../shared/handlers/rows-format.js';
import { generatePassword, type PasswordStyle } from '../../../shared/password-reset/password.js';
import { aResetRow } from '../../builders/a-reset-row.js';

describe('toRowsText()', () => {
  it.each<PasswordStyle>([
    { kind: 'random', length: 12 },
    { kind: 'random', length: 64 },
    { kind: 'passphrase', words: 5 },
  ])('writes generated passwords into CSV unchanged: %j', (style) => {
    const passwords = Array.from({ length: 2_000 }, () => generatePassword(style));
    const rows = passwords.map((password, index) => ({
      row: index + 1,
      ...toPasswordResetView(aResetRow({ state: 'applied' }), { kind: 'password', password }),
    }));

    const { body } = toRowsText('csv', rows);

    // Not even a quote around one: what stands between the commas is what works.
    const plain = body.split('\r\n').slice(1, -1);
    const written = passwords.map((password) => password.reveal());
    expect(plain.map((line) => line.split(',')[5])).toEqual(written);
    const records = parse<Record<string, string>>(body, { columns: true });
    expect(records.map((record) => record['password'])).toEqual(written);
  });
});
