import { describe, expect, it } from '@jest/globals';
import { createHttpDoor } from '../../../shared/handlers/http-door.js';
import { createMisconfiguredHandlers } from '../../../shared/handlers/misconfigured.js';
import { toUnavailablePage } from '../../../shared/handlers/reveal-page.js';
import { anInvocation, aTimer, call, expectRefusal } from './invocation.js';

const problems = ['PARTNER_TENANT_ID: is missing', 'KEY_VAULT_URI: must be a URL'];
const handlers = createMisconfiguredHandlers(problems, {
  door: createHttpDoor({ budgetMs: 25_000 }),
  pageDoor: createHttpDoor({ budgetMs: 25_000, toFailure: toUnavailablePage }),
});
const { processPasswordReset, processBulkReset, processBulkSlice, ...others } = handlers;
const { countPoisonedReset, countPoisonedSlice, sweep, purge, revealPassword, ...http } = others;
const queues = {
  processPasswordReset,
  processBulkReset,
  processBulkSlice,
  countPoisonedReset,
  countPoisonedSlice,
};
const failure =
  /^The settings of the app cannot be used: PARTNER_TENANT_ID: is missing; KEY_VAULT_URI/;

describe('createMisconfiguredHandlers()', () => {
  it.each(Object.entries(http))('names every problem over HTTP: %s', async (_, handler) => {
    const answer = await call(handler, { body: 'anything' });

    expectRefusal(answer, { status: 503, code: 'AppMisconfigured' });
    expect(answer.body).toEqual({
      error: {
        code: 'AppMisconfigured',
        message: 'The settings of the app cannot be used',
        details: problems.map((message) => ({ code: 'AppMisconfigured', message })),
      },
    });
    expect(answer.logged).toContainEqual({
      level: 'error',
      args: ['The settings of the app cannot be used', { problems }],
    });
  });

  it('tells people who follow a link no more than that it does not work now', async () => {
    const answer = await call(revealPassword, { method: 'GET' });

    expect(answer).toMatchObject({ status: 503, headers: { 'retry-after': '30' } });
    expect(answer.text).toContain('<h1>Cannot be shown right now</h1>');
    expect(answer.text).not.toMatch(/PARTNER_TENANT_ID|settings/);
    expect(answer.logged).toContainEqual({
      level: 'error',
      args: ['The settings of the app cannot be used', { problems }],
    });
  });

  it.each(Object.entries(queues))('keeps a message on the queue: %s', (_, handler) => {
    const { context } = anInvocation();

    expect(() => handler({ resetId: 'reset-1' }, context)).toThrow(failure);
  });

  it.each(Object.entries({ sweep, purge }))('fails at every turn of a timer: %s', (_, handler) => {
    const { context } = anInvocation();

    expect(() => handler(aTimer(), context)).toThrow(failure);
  });
});
