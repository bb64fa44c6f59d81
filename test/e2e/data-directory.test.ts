import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createApiClient } from '../../infra/local/api-client.js';
import { startTestStack } from './start-test-stack.js';

describe('startStack() with a data directory', () => {
  let dataDirectory: string;

  beforeAll(async () => {
    dataDirectory = await mkdtemp(join(tmpdir(), 'stack-data-'));
  });

  afterAll(async () => {
    await rm(dataDirectory, { recursive: true, force: true });
  });

  it('finds in the next run what was done in the last', async () => {
    const first = await startTestStack({ dataDirectory });
    const { customerTenantId, userId } = first.facts.samples;
    const { body } = await createApiClient(first.facts, 'helpdesk').post('/password-resets', {
      customer: customerTenantId,
      user: userId,
      delivery: 'response',
    });
    await first.stop();
    const { id, password } = body as { id: string; password: string };

    const second = await startTestStack({ dataDirectory });
    const result = await createApiClient(second.facts, 'helpdesk').get(
      `/password-resets/${id}/result`,
    );
    await second.stop();

    expect(result.body).toMatchObject({ status: 'Succeeded', password });
    expect(second.facts.entraCallers.person).toEqual(first.facts.entraCallers.person);
  });
});
