import { describe, expect, it } from '@jest/globals';
import { parseJson } from '../../../shared/partner-center/parse-json.js';

describe('parseJson()', () => {
  it.each([
    ['an object', '{"id":1}', { id: 1 }],
    ['an object behind a byte-order mark', '\uFEFF{"id":1}', { id: 1 }],
    ['null', 'null', null],
  ])('reads %s', (_, text, value) => {
    expect(parseJson(text)).toEqual(value);
  });

  it.each([
    ['nothing', ''],
    ['a byte-order mark alone', '\uFEFF'],
    ['HTML', '<html></html>'],
    ['a cut object', '{"password":"Zq7-CANARY'],
    ['two byte-order marks', '\uFEFF\uFEFF{}'],
  ])('is undefined for %s, without an error that quotes it', (_, text) => {
    expect(parseJson(text)).toBeUndefined();
  });
});
