import { describe, expect, it } from '@jest/globals';
import { parseErrorCode } from '../../../shared/partner-center/error-code.js';

describe('parseErrorCode()', () => {
  it.each([
    [
      'a number',
      '{"code":20002,"description":"No relationship.","data":[],"source":"PartnerFD"}',
      '20002',
    ],
    [
      'a string, as documented',
      '{"code":"900308","description":"d","data":[],"source":"s"}',
      '900308',
    ],
    ['zero', '{"code":0,"description":"Exception not defined"}', '0'],
    ['beside no data', '{"code":900309,"description":"Conditional Access"}', '900309'],
    [
      'beside data of keys and values',
      '{"code":3000,"description":"d","data":["Key: value","https://example.com"]}',
      '3000',
    ],
    [
      'beside a JSON document as description',
      '{"code":2007,"description":"{\\"code\\":1}"}',
      '2007',
    ],
    ['behind a byte-order mark', '\uFEFF{"code":60002,"description":"d"}', '60002'],
  ])('reads the code as digits when it is %s', (_, text, code) => {
    expect(parseErrorCode(text)).toBe(code);
  });

  it.each([
    ["a gateway's shape", '{"statusCode":429,"message":"Rate limit is exceeded."}'],
    ['nothing', ''],
    ['HTML', '<html><body>502 Bad Gateway</body></html>'],
    ['plain text', 'Service Unavailable'],
    ['a cut object', '{"code":2000,"descr'],
    ['an array', '[{"code":2000}]'],
    ['null', 'null'],
    ['a code of words, which could be anything', '{"code":"Zq7-CANARY"}'],
    ['a code that is no code', '{"code":1.5}'],
    ['a negative code', '{"code":-1}'],
    ['a code that is too long', '{"code":"1234567890"}'],
  ])('is undefined for %s', (_, text) => {
    expect(parseErrorCode(text)).toBeUndefined();
  });
});
