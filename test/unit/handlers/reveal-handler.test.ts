import { describe, expect, it } from '@jest/globals';
import { createHttpDoor } from '../../../shared/handlers/http-door.js';
import { createRevealHandler } from '../../../shared/handlers/reveal-handler.js';
import { toUnavailablePage } from '../../../shared/handlers/reveal-page.js';
import { ResetError } from '../../../shared/password-reset/reset-error.js';
import type { LinkState, OpenedLink } from '../../../shared/password-reset/reveal-password.js';
import { Secret } from '../../../shared/platform/secret.js';
import { call, type RequestValues } from './invocation.js';

const canary = ['canary', '7f3a'].join('-');
const token = 'reset-1.version-1.mac';
const ready: LinkState = { kind: 'ready', resetId: 'reset-1', expiresAtMs: 0 };
const opened: OpenedLink = {
  kind: 'password',
  resetId: 'reset-1',
  password: new Secret(canary),
  forceChangePassword: true,
};

describe('createRevealHandler()', () => {
  it.each(['GET', 'HEAD'] as const)('only looks at a %s', async (method) => {
    const { ask, asked } = aDoor();

    const answer = await ask({ method });

    expect(answer).toMatchObject({
      status: 200,
      headers: { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' },
    });
    expect(answer.text).not.toContain(canary);
    expect(asked).toEqual([['look', token]]);
  });

  it('opens at a POST, whatever its body is', async () => {
    const { ask, asked } = aDoor();

    const answer = await ask({ method: 'POST', body: { anything: 1 } });

    expect(answer).toMatchObject({
      status: 200,
      headers: {
        'cache-control': 'no-store',
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'no-referrer',
        'cross-origin-opener-policy': 'same-origin',
      },
    });
    expect(answer.text).toContain('<h1>Your new password</h1>');
    const requestId = answer.headers['x-ms-request-id'];
    expect(requestId).toEqual(expect.any(String));
    expect(asked).toEqual([['open', { token, requestId }]]);
  });

  it('logs who opened what, but neither the token nor the password', async () => {
    const { logged } = await aDoor().ask({ method: 'POST' });

    expect(logged).toEqual([
      {
        level: 'information',
        args: ['reveal link opened', { result: 'password', resetId: 'reset-1' }],
      },
    ]);
    expect(JSON.stringify(logged)).not.toMatch(new RegExp(`${canary}|mac`));
  });

  it.each(['GET', 'POST'] as const)('answers a failure at a %s with a page', async (method) => {
    const failure = new ResetError('StorageUnavailable', 'Cannot read a row');

    const answer = await aDoor({ failure }).ask({ method });

    expect(answer).toMatchObject({
      status: 503,
      headers: { 'content-type': 'text/html; charset=utf-8', 'retry-after': '30' },
      logged: [{ level: 'warning', args: ['request refused', { code: 'StorageUnavailable' }] }],
    });
  });

  it('hides no mistake of ours', async () => {
    const failure = new TypeError('a mistake');

    await expect(aDoor({ failure }).ask({ method: 'POST' })).rejects.toBe(failure);
  });
});

function aDoor({ failure }: { readonly failure?: Error } = {}) {
  const asked: [string, unknown][] = [];
  const answer = <Link>(operation: string, link: Link) => {
    return (what: unknown): Promise<Link> => {
      asked.push([operation, what]);
      return failure ? Promise.reject(failure) : Promise.resolve(link);
    };
  };
  const handler = createRevealHandler({
    door: createHttpDoor({ budgetMs: 25_000, toFailure: toUnavailablePage }),
    revealPassword: { look: answer('look', ready), open: answer('open', opened) },
    now: () => 0,
  });
  const ask = (values: RequestValues) => call(handler, { params: { token }, ...values });
  return { ask, asked };
}
