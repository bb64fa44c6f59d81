import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createApiClient } from '../../infra/local/api-client.js';
import { describeBadCsv } from './bad-csv.cases.js';
import { describeBadHttp } from './bad-http.cases.js';
import { describeBadMessages, wornOut } from './bad-messages.cases.js';
import { aPlainPerson } from './people.js';
import { startTestStack, type TestStack } from './start-test-stack.js';
import { sendWornOut } from './storage-behind-the-app.js';

/** One stack takes all of it, so that each is also a test of what the ones before it left behind. */
describe('bad input', () => {
  let stack: TestStack;
  const theStack = () => stack;

  beforeAll(async () => {
    stack = await startTestStack({
      interpose: async (connectionString) => {
        await sendWornOut(connectionString, 'bulk-reset-jobs', wornOut);
        return connectionString;
      },
    });
  });

  afterAll(async () => {
    await stack.stop();
  });

  describeBadHttp(theStack);
  describeBadCsv(theStack);
  describeBadMessages(theStack);

  it('leaves an app that resets a password as before', async () => {
    const { customer, user } = aPlainPerson(stack, 9);

    const { status, body } = await createApiClient(stack.facts, 'helpdesk').post(
      '/password-resets',
      { customer: customer.tenantId, user: user.id, delivery: 'none' },
    );

    expect({ status, body }).toMatchObject({ status: 200, body: { status: 'Succeeded' } });
  });
});
