import { describe, expect, it } from '@jest/globals';
import { errorName, log, type LogFields, toLogFields } from '../../../shared/platform/log.js';
import { Secret } from '../../../shared/platform/secret.js';

const password = 'Zq7-CANARY-f4Lk';

/** As an object that was made elsewhere, which may hold anything. */
function foreign(fields: object): LogFields {
  return fields;
}

describe('log()', () => {
  it('writes the phrase and the fields at the level it is told', () => {
    const written: unknown[][] = [];
    const writer = { warn: (...args: unknown[]) => void written.push(args) };

    log(writer, 'warn', 'row put off', { resetId: 'reset-7', attempt: 2 });
    log(writer, 'warn', 'message points at no slice');

    expect(written).toEqual([
      ['row put off', { resetId: 'reset-7', attempt: 2 }],
      ['message points at no slice'],
    ]);
  });

  it('writes no field that is not on the list', () => {
    const written: unknown[][] = [];
    const writer = { info: (...args: unknown[]) => void written.push(args) };
    const row = { resetId: 'reset-7', userPrincipalName: 'zoe@contoso.com', password };

    log(writer, 'info', 'password reset accepted', row);

    expect(written).toEqual([['password reset accepted', { resetId: 'reset-7' }]]);
  });
});

describe('toLogFields()', () => {
  it.each<[string, object, object]>([
    ['a text of 128 characters', { code: 'x'.repeat(128) }, { code: 'x'.repeat(128) }],
    ['a count', { rows: 0 }, { rows: 0 }],
    ['our own explanation', { message: 'x'.repeat(2_000) }, { message: 'x'.repeat(2_000) }],
    ['a list of them', { problems: ['must be a GUID'] }, { problems: ['must be a GUID'] }],
  ])('keeps %s', (_, fields, kept) => {
    expect(toLogFields(foreign(fields))).toEqual(kept);
  });

  it.each<[string, object]>([
    ['a text of 129 characters', { code: 'x'.repeat(129) }],
    ['a secret', { code: new Secret(password) }],
    ['a text in disguise', { code: Object(password) as object }],
    ['an object', { code: { password } }],
    ['a list where there is none to be', { code: [password] }],
    ['bytes', { code: Buffer.from(password) }],
    ['a text in place of a count', { rows: password }],
    ['what is no number', { rows: Number.NaN }],
    ['a longer explanation', { message: 'x'.repeat(2_001) }],
    ['a list with something else in it', { problems: ['must be a GUID', { password }] }],
    ['a function', { code: () => password }],
  ])('drops %s', (_, fields) => {
    const [name = ''] = Object.keys(fields);

    expect(toLogFields(foreign(fields))).toEqual({ [name]: '[dropped]' });
  });

  it.each(['password', '__proto__', 'constructor', 'toString', 'userPrincipalName', 'reference'])(
    'knows no field %s',
    (name) => {
      const fields = Object.fromEntries([[name, password]]);

      expect(Object.keys(toLogFields(foreign(fields)))).toEqual([]);
    },
  );
});

describe('errorName()', () => {
  it.each<[unknown, string | undefined]>([
    [Object.assign(new TypeError(password), { code: 'ECONNRESET' }), 'ECONNRESET'],
    [Object.assign(new TypeError(password), { code: 7 }), 'TypeError'],
    [{ message: password }, undefined],
    [password, undefined],
    [undefined, undefined],
    [null, undefined],
  ])('tells no text of %o', (error, name) => {
    expect(errorName(error)).toBe(name);
  });
});
