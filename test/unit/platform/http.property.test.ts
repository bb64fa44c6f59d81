import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parseRetryAfterMs } from '../../../shared/platform/http.js';

// The same headers in every run: a test that turns red was broken by a change, not by the draw.
fc.configureGlobal({ seed: 20_260_101, numRuns: 1_000 });

const aTime = fc
  .date({ min: new Date(0), max: new Date('9999-12-31T23:59:59Z'), noInvalidDate: true })
  .map((date) => Math.floor(date.getTime() / 1_000) * 1_000);

describe('parseRetryAfterMs()', () => {
  it('reads seconds, and a date as the time until then', () => {
    const aBlank = fc.constantFrom('', ' ', '\t');

    fc.assert(
      fc.property(aTime, aTime, aBlank, (atMs, nowMs, blank) => {
        const seconds = atMs / 1_000;
        const date = new Date(atMs).toUTCString();

        expect(parseRetryAfterMs(`${blank}${seconds}${blank}`, nowMs)).toBe(atMs);
        expect(parseRetryAfterMs(blank + date + blank, nowMs)).toBe(Math.max(0, atMs - nowMs));
      }),
    );
  });

  it('gives no wait or one that can be counted, whatever the text', () => {
    const aPiece = fc.oneof(
      fc.constantFrom('Mon, ', 'Thu, 01 Jan 2026 00:00:00 GMT', '-', '+', '.', 'e', '0x', ' ', ':'),
      fc.constantFrom('Infinity', 'NaN', '9'.repeat(15), '9'.repeat(400), '\u0661', 'Jan', 'GMT'),
      fc.nat().map(String),
      fc.string({ unit: 'binary', maxLength: 3 }),
    );
    const aText = fc.array(aPiece, { maxLength: 6 }).map((pieces) => pieces.join(''));

    fc.assert(
      fc.property(aText, aTime, (text, nowMs) => {
        const waitMs = parseRetryAfterMs(text, nowMs) ?? 0;

        expect(Number.isFinite(waitMs)).toBe(true);
        expect(waitMs).toBeGreaterThanOrEqual(0);
        expect(waitMs).toBeLessThan(1e18);
      }),
    );
  });
});
