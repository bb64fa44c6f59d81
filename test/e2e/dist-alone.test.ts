import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { cp, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createApiClient } from '../../infra/local/api-client.js';
import { startTestStack, type TestStack } from './start-test-stack.js';

describe('dist/', () => {
  let folder: string;
  let stack: TestStack;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'dist-alone-'));
    await cp('dist', folder, { recursive: true });
    stack = await startTestStack({ app: folder });
  });

  afterAll(async () => {
    await stack.stop();
    await rm(folder, { recursive: true, force: true });
  });

  it('is a complete function app, without node_modules', async () => {
    expect((await readdir(folder)).sort()).toEqual([
      'chunks',
      'host.json',
      'main.mjs',
      'package.json',
    ]);
  });

  it('serves from an empty folder', async () => {
    const { customerTenantId, userId } = stack.facts.samples;

    const { status } = await createApiClient(stack.facts, 'helpdesk').post('/password-resets', {
      customer: customerTenantId,
      user: userId,
      delivery: 'none',
    });

    expect(status).toBe(200);
  });

  it('says what is healthy, and to whom it speaks', async () => {
    const api = createApiClient(stack.facts, 'ticket-system');

    const health = await api.get('/health');
    const whoami = await api.get('/whoami');

    expect(health.body).toEqual({
      status: 'Healthy',
      checks: {
        keyVault: { status: 'Healthy' },
        signIn: { status: 'Healthy' },
        storage: { status: 'Healthy' },
      },
    });
    expect(whoami.body).toEqual({
      name: 'ticket-system',
      permissions: ['reset'],
      customers: [stack.facts.samples.customerTenantId],
      maxResetsPerDay: 1_000,
      approvalAboveRows: 200,
    });
  });
});

describe('dist/ with settings that cannot be used', () => {
  it('serves every function, and each names what is wrong', async () => {
    const stack = await startTestStack({
      settings: { PARTNER_TENANT_ID: 'none', KEY_VAULT_URI: 'http://vault.example' },
    });

    const { status, body } = await createApiClient(stack.facts, 'helpdesk').get('/health');
    await stack.stop();

    expect(stack.host.functions.length).toBeGreaterThan(0);
    expect(status).toBe(503);
    expect(body).toEqual({
      error: {
        code: 'AppMisconfigured',
        message: expect.any(String),
        details: [
          { code: 'AppMisconfigured', message: 'PARTNER_TENANT_ID: must be a GUID' },
          {
            code: 'AppMisconfigured',
            message: 'KEY_VAULT_URI: must be https (http is accepted for this machine only)',
          },
        ],
      },
    });
  });
});
