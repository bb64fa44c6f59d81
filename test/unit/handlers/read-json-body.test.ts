import { describe, expect, it } from '@jest/globals';
import { gzipSync } from 'node:zlib';
import { readJsonBody } from '../../../shared/handlers/read-json-body.js';
import { aRequest } from './invocation.js';

const mebibyte = 1_048_576;
const canary = 'canary-7f3a';

describe('readJsonBody()', () => {
  it.each<[string, string, unknown]>([
    ['an object', '{"user":"adele"}', { user: 'adele' }],
    ['a BOM before it', '\ufeff{"user":"adele"}', { user: 'adele' }],
    ['blanks around it', '\r\n {"user" : "adele"}\t', { user: 'adele' }],
    ['arrays and objects in it', '{"a":[{"b":1},{"b":2}]}', { a: [{ b: 1 }, { b: 2 }] }],
    ['an array', '[{"a":1},{"a":2}]', [{ a: 1 }, { a: 2 }]],
    [
      'text that looks like names',
      String.raw`{"a":"\"b\": \"b\":","c":"{\"c\":1}"}`,
      {
        a: '"b": "b":',
        c: '{"c":1}',
      },
    ],
    ['the same name at two levels', '{"a":{"a":{"a":1}}}', { a: { a: { a: 1 } } }],
    ['two empty values', '{"a":{},"b":[]}', { a: {}, b: [] }],
    ['null', 'null', null],
    ['a number', '1', 1],
  ])('reads %s', async (_, body, expected) => {
    expect(await readJsonBody(aRequest({ body }))).toEqual(expected);
  });

  it('keeps a field named __proto__ as a field, so that a schema can refuse it', async () => {
    const value = await readJsonBody(aRequest({ body: '{"__proto__":{"a":1}}' }));

    expect(Object.keys(value as object)).toEqual(['__proto__']);
    expect(value).not.toHaveProperty('a');
  });

  it.each<[string, string | Uint8Array]>([
    ['nothing', ''],
    ['a BOM only', '\ufeff'],
    ['half of a JSON text', `{"user":"${canary}`],
    ['more than a JSON text', `{"user":"${canary}"}}`],
    ['a form', `user=${canary}`],
    ['a comment', `{"user":"${canary}"} // x`],
    ['a name without quotes', `{user:"${canary}"}`],
    ['a line break inside a text', `{"user":"${canary}\n"}`],
    ['bytes that are not UTF-8', Buffer.from(`{"user":"${canary}\u00fc"}`, 'latin1')],
    ['UTF-16', Buffer.from(`\ufeff{"user":"${canary}"}`, 'utf16le')],
    ['arrays in arrays in arrays', '['.repeat(100_000) + ']'.repeat(100_000)],
    ['objects in objects in objects', '{"a":'.repeat(100_000) + '1' + '}'.repeat(100_000)],
  ])('refuses %s, and quotes none of it', async (_, body) => {
    const error: unknown = await readJsonBody(aRequest({ body })).catch((why: unknown) => why);

    expect(error).toMatchObject({
      code: 'InvalidRequest',
      message: 'The body is not JSON in UTF-8',
    });
    expect(error).not.toHaveProperty('cause');
  });

  it.each([
    ['with two values', `{"user":"${canary}","user":"noah"}`],
    ['with the same value', `{"user":"${canary}","user":"${canary}"}`],
    ['one of them escaped', String.raw`{"user":"x","\u0075ser":"y"}`],
    ['far inside', '{"a":[1,{"b":{"c":1,"c":2}}]}'],
    ['with an object as the first', '{"a":{"b":1},"a":1}'],
    ['with an object as the second', '{"a":1,"a":{"b":1}}'],
    ['named __proto__', '{"__proto__":1,"__proto__":2}'],
  ])('refuses a field that is named twice, %s', async (_, body) => {
    await expect(readJsonBody(aRequest({ body }))).rejects.toMatchObject({
      code: 'InvalidRequest',
      message: 'The body names a field twice',
    });
  });

  it.each([
    ['takes', mebibyte, undefined],
    ['refuses', mebibyte + 1, 'RequestTooLarge'],
  ])('%s a body of %d bytes', async (_, size, code) => {
    const reading = readJsonBody(aRequest({ body: `"${'x'.repeat(size - 2)}"` }));

    const outcome = await reading.then(
      () => undefined,
      (error: unknown) => (error as { code: unknown }).code,
    );
    expect(outcome).toBe(code);
  });

  it.each([
    ['application/json', 'application/json'],
    ['capitals', 'Application/JSON'],
    ['a charset', 'application/json; charset=utf-8'],
    ['a blank before the charset', 'application/json ;charset=utf-8'],
  ])('takes %s as its type', async (_, type) => {
    const request = aRequest({ body: '1', headers: { 'content-type': type } });

    expect(await readJsonBody(request)).toBe(1);
  });

  it.each<[string, Record<string, string>]>([
    ['text', { 'content-type': 'text/plain' }],
    ['a form', { 'content-type': 'application/x-www-form-urlencoded' }],
    ['another JSON', { 'content-type': 'application/merge-patch+json' }],
    ['nothing', { 'content-type': '' }],
    ['a type and more', { 'content-type': 'application/json, text/plain' }],
    ['gzip', { 'content-encoding': 'gzip' }],
    ['two encodings', { 'content-encoding': 'identity, gzip' }],
  ])('refuses a body sent as %s, whatever it holds', async (_, headers) => {
    const body = gzipSync('x'.repeat(mebibyte));

    await expect(readJsonBody(aRequest({ body, headers }))).rejects.toMatchObject({
      code: 'UnsupportedMediaType',
    });
  });
});
