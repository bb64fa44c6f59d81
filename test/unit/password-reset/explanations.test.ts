import { describe, expect, it } from '@jest/globals';
import { explanationByCode } from '../../../shared/password-reset/explanations.js';

describe('explanationByCode', () => {
  it.each(Object.entries(explanationByCode))('is a sentence for people: %s', (_code, text) => {
    expect(text).toMatch(/^[A-Z][^\n]{15,118}[^.\s]$/);
    expect(text).not.toMatch(/undefined|null|NaN|TODO|[{}<>$%[\]]/);
  });

  it('does not say the same of two codes', () => {
    const texts = Object.values(explanationByCode);

    expect(new Set(texts).size).toBe(texts.length);
  });
});
