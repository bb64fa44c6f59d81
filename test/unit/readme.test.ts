import { describe, expect, it } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { statusByCode } from '../../shared/handlers/error-response.js';
import { explanationByCode } from '../../shared/password-reset/explanations.js';
import { recoveryByCode, type ResetErrorCode } from '../../shared/password-reset/reset-error.js';

describe('README', () => {
  const codes = Object.keys(recoveryByCode) as ResetErrorCode[];

  it.each(codes)('explains %s as the answers do', async (code) => {
    const lines = (await readFile('README.md', 'utf8')).split('\n');
    const row = lines.find((line) => line.startsWith(`| \`${code}\``));

    const cells = row?.split('|').map((cell) => cell.trim());

    expect(cells?.slice(2, 4)).toEqual([String(statusByCode[code]), explanationByCode[code]]);
  });
});
