import { describe, expect, it } from '@jest/globals';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { z } from 'zod';
import { exchange } from '../../../shared/partner-center/exchange.js';
import { isResetErrorCode, type ResetError } from '../../../shared/password-reset/reset-error.js';
import type { FetchResponse } from '../../../shared/platform/http.js';
import { Secret } from '../../../shared/platform/secret.js';

// The same answers in every run: a test that turns red was broken by a change, not by the draw.
fc.configureGlobal({ seed: 20_260_101, numRuns: 500 });

const { signal } = new AbortController();

describe('exchange()', () => {
  it('fails with a code of ours, whatever comes back, and keeps no part of a secret in it', async () => {
    const aCase = aSecret().chain((secret) =>
      fc.record({
        secret: fc.constant(secret),
        method: fc.constantFrom('GET', 'PATCH'),
        answer: fc.oneof(
          { weight: 8, arbitrary: anAnswerWith(secret) },
          { weight: 1, arbitrary: fc.constant(anErrorWith(secret)) },
        ),
      }),
    );

    await fc.assert(
      fc.asyncProperty(aCase, async ({ secret, method, answer }) => {
        const error = await errorOf(method, secret, answer);

        expect(isResetErrorCode(error.code)).toBe(true);
        const said = inspect(error, { depth: null }) + JSON.stringify(error);
        expect(piecesOf(secret).filter((piece) => said.includes(piece))).toEqual([]);
      }),
    );
  });
});

/** With a sign in every piece of it: an error code that is a number is repeated. */
function aSecret(): fc.Arbitrary<string> {
  const unit = fc.constantFrom(...Array.from('QXZqxz23789#%!-'));
  return fc
    .string({ unit, minLength: 8, maxLength: 16 })
    .filter((secret) => piecesOf(secret).every((piece) => /\D/.test(piece)));
}

function piecesOf(secret: string): string[] {
  return Array.from({ length: secret.length - 3 }, (_, at) => secret.slice(at, at + 4));
}

/** With the secret in any of the places where a service or a gateway could repeat it. */
function anAnswerWith(secret: string): fc.Arbitrary<FetchResponse> {
  const aText = fc.constantFrom(secret, `MFA required for ${secret}`, '', '401');
  const aValue = fc.oneof(
    fc.constantFrom<unknown>(secret, `2000 ${secret}`, [secret], { [secret]: secret }),
    fc.constantFrom<unknown>(2000, '60002', '', null, -1, 1.5, '__proto__', 'constructor'),
  );
  const aBody = fc.oneof(
    fc
      .record({ code: aValue, id: aValue, description: aValue, data: aValue }, { requiredKeys: [] })
      .map((body) => JSON.stringify(body)),
    fc.constantFrom(secret, `<html>${secret}</html>`, `{"code":2000,"data":["${secret}`, ''),
  );
  return fc
    .record({
      status: fc.integer({ min: 200, max: 599 }),
      statusText: aText,
      headers: fc.record({
        'www-authenticate': fc.oneof(aText, fc.constant(`Bearer error="${secret}"`)),
        'retry-after': fc.oneof(aText, fc.constant(`Mon, ${secret}`)),
      }),
      body: aBody,
      isCut: fc.boolean(),
    })
    .map(({ status, statusText, headers, body, isCut }) => ({
      status,
      statusText,
      headers: { get: (name) => new Map(Object.entries(headers)).get(name) ?? secret },
      text: () => (isCut ? Promise.reject(anErrorWith(secret)) : Promise.resolve(body)),
    }));
}

/** An HTTP client's, which tells what it was sending or reading. */
function anErrorWith(secret: string): Error {
  const error = new Error(`cannot read ${secret}`, { cause: secret });
  return Object.assign(error, { code: `E ${secret}`, body: secret });
}

async function errorOf(
  method: string,
  secret: string,
  answer: FetchResponse | Error,
): Promise<ResetError> {
  const fetch = () => (answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer));
  const call = {
    purpose: 'reset the password',
    method: method === 'PATCH' ? ('PATCH' as const) : ('GET' as const),
    path: '/',
    url: 'https://api.partnercenter.microsoft.com/v1/',
    body: { password: secret },
    accessToken: new Secret(secret),
    requestId: 'request-1',
    correlationId: 'correlation-1',
    absent: 'UserNotFound' as const,
    reply: z.object({ id: z.literal('the id of the user') }),
    maxReplyBytes: 1_000,
  };
  return exchange({ fetch, now: () => 0 }, call, signal).then(
    () => {
      throw new Error('The exchange succeeded');
    },
    (error: unknown) => error as ResetError,
  );
}
