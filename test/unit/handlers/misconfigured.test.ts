import { describe, expect, it } from '@jest/globals';
import { createHttpDoor } from '../../../shared/handlers/http-door.js';
import { createMisconfiguredHandlers } from '../../../shared/handlers/misconfigured.js';
import { anInvocation, call, expectRefusal } from './invocation.js';

const problems = ['PARTNER_TENANT_ID: is missing', 'KEY_VAULT_URI: must be a URL'];
const handlers = createMisconfiguredHandlers(problems, {
  door: createHttpDoor({ budgetMs: 25_000 }),
});
const { processPasswordReset, processBulkReset, ...http } = handlers;

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

  it.each(Object.entries({ processPasswordReset, processBulkReset }))(
    'keeps a message on the queue: %s',
    (_, handler) => {
      const { context } = anInvocation();

      expect(() => handler({ resetId: 'reset-1' }, context)).toThrow(
        /^The settings of the app cannot be used: PARTNER_TENANT_ID: is missing; KEY_VAULT_URI/,
      );
    },
  );
});
