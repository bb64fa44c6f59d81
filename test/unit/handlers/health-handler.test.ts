import { describe, expect, it } from '@jest/globals';
import { createHealthHandler, type HealthCheck } from '../../../shared/handlers/health-handler.js';
import { createHttpDoor } from '../../../shared/handlers/http-door.js';
import { ResetError } from '../../../shared/password-reset/reset-error.js';
import { aCaller } from '../../builders/a-caller.js';
import { call, expectRefusal } from './invocation.js';

const headers = { 'x-api-key': 'a key' };
const fine: HealthCheck = () => Promise.resolve('value');
const away: HealthCheck = () =>
  Promise.reject(new ResetError('KeyVaultUnavailable', 'Key Vault cannot be reached'));

describe('createHealthHandler()', () => {
  it('is alive for anybody, and looks at nothing', async () => {
    const handler = aHandler({ keyVault: away });

    expect(await call(handler)).toMatchObject({ status: 200, body: { status: 'Healthy' } });
    expect((await call(handler)).body).not.toHaveProperty('checks');
  });

  it('answers 200 to a caller when everything can be used', async () => {
    const { status, body } = await call(aHandler({ keyVault: fine, storage: fine }), { headers });

    expect(status).toBe(200);
    expect(body).toEqual({
      status: 'Healthy',
      checks: { keyVault: { status: 'Healthy' }, storage: { status: 'Healthy' } },
    });
  });

  it('answers 503 to a caller when something cannot be used, and names it', async () => {
    const { status, body } = await call(aHandler({ storage: fine, keyVault: away }), { headers });

    expect(status).toBe(503);
    expect(body).toEqual({
      status: 'Unhealthy',
      checks: {
        storage: { status: 'Healthy' },
        keyVault: {
          status: 'Unhealthy',
          code: 'KeyVaultUnavailable',
          message: 'Key Vault cannot be reached',
        },
      },
    });
  });

  it('shows no value that a check came upon', async () => {
    const answer = await call(aHandler({ keyVault: fine }), { headers });

    expect(answer.text).not.toContain('value');
  });

  it('tells nothing of the set-up to a credential that cannot be checked', async () => {
    const failure = new ResetError('AppMisconfigured', 'The secret callers has a fault');

    const answer = await call(aHandler({ keyVault: fine }, failure), { headers });

    expectRefusal(answer, { status: 503, code: 'AppMisconfigured' });
    expect(answer.text).not.toContain(failure.message);
  });

  it('answers 401 to a credential that nobody knows', async () => {
    const unauthorized = new ResetError('Unauthorized', 'unknown');

    const answer = await call(aHandler({ keyVault: fine }, unauthorized), { headers });

    expectRefusal(answer, { status: 401, code: 'Unauthorized' });
  });

  it('tells of a bug in one check beside the others, and tells only the log its name', async () => {
    const broken: HealthCheck = () => Promise.reject(new TypeError('canary'));

    const answer = await call(aHandler({ keyVault: fine, storage: broken }), { headers });

    expect(answer).toMatchObject({ status: 503, body: { status: 'Unhealthy' } });
    expect(answer.body).toHaveProperty('checks', {
      keyVault: { status: 'Healthy' },
      storage: { status: 'Unhealthy', code: 'Unexpected' },
    });
    expect(answer.logged).toEqual([
      { level: 'error', args: ['health check failed', { check: 'storage', error: 'TypeError' }] },
    ]);
  });
});

function aHandler(checks: Record<string, HealthCheck>, refusal?: Error) {
  return createHealthHandler({
    door: createHttpDoor({ budgetMs: 25_000 }),
    authenticate: () => (refusal ? Promise.reject(refusal) : Promise.resolve(aCaller())),
    checks,
  });
}
