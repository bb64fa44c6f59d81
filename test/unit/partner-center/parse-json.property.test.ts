import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parseJson } from '../../../shared/partner-center/parse-json.js';

// The same texts in every run: a test that turns red was broken by a change, not by the draw.
fc.configureGlobal({ seed: 20_260_101, numRuns: 500 });

describe('parseJson()', () => {
  it('reads every value as it was written, behind a byte-order mark or not', () => {
    const aBom = fc.constantFrom('', '\uFEFF');
    const aBlank = fc.constantFrom('', ' ', '\r\n\t');
    const anIndent = fc.nat({ max: 4 });

    fc.assert(
      fc.property(aBom, aBlank, anIndent, fc.jsonValue(), (bom, blank, indent, value) => {
        const text = JSON.stringify(value, null, indent);

        expect(JSON.stringify(parseJson(bom + blank + text + blank))).toBe(JSON.stringify(value));
      }),
    );
  });

  it('is undefined for an object that is cut anywhere, or that anything follows', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.nat(), (value, at) => {
        const text = JSON.stringify(value);

        expect(parseJson(text.slice(0, at % text.length))).toBeUndefined();
        expect(parseJson(text + text)).toBeUndefined();
      }),
    );
  });

  it('fails for no text', () => {
    const aPiece = fc.constantFrom('{', '}', '[', ']', '"', ':', ',', '\\', '\uFEFF', '1', 'null');
    const anyText = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(aPiece).map((pieces) => pieces.join('')),
    );

    fc.assert(
      fc.property(anyText, (text) => {
        const value = parseJson(text);

        expect(parseJson(value === undefined ? '' : JSON.stringify(value))).toEqual(value);
      }),
    );
  });
});
