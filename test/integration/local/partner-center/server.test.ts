import { Agent, get } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { goodPassword, startHarness, startTokenIssuer, type TokenIssuer } from './harness.js';

let tokens: TokenIssuer;

beforeAll(async () => {
  tokens = await startTokenIssuer();
});
afterAll(() => tokens.close());

describe('startPartnerCenter()', () => {
  it('serves many requests over one connection', async () => {
    const { standIn } = await startHarness(tokens);
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const getOnce = () =>
      new Promise<boolean>((resolve, reject) => {
        const request = get(`${standIn.url}/v1/customers`, { agent }, (response) => {
          response.resume().once('end', () => resolve(request.reusedSocket));
        }).once('error', reject);
      });

    const reused = [await getOnce(), await getOnce(), await getOnce()];

    expect(reused).toEqual([false, true, true]);
    agent.destroy();
    await standIn.close();
  });

  it('serves 100 resets at once, each to its own user', async () => {
    const { standIn, directory, reset } = await startHarness(tokens);
    const [customer] = directory.customers.values();
    const users = [...(customer?.users.values() ?? [])].slice(0, 9);
    const passwordOf = (index: number) => `Concurrent-${index}`;

    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, index) => {
        const user = users[index % users.length];
        return reset({ password: passwordOf(index), ...(user !== undefined && { user }) });
      }),
    );

    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    const changes = users.flatMap(({ id }) =>
      directory.passwordHistory(customer?.tenantId ?? '', id).filter(({ by }) => by !== 'seed'),
    );
    expect(new Set(changes.map(({ password }) => password))).toEqual(
      new Set(Array.from({ length: 100 }, (_, index) => passwordOf(index))),
    );
    await standIn.close();
  });

  it('closes at once with hanging and idle connections, and drops what would be late', async () => {
    const { standIn, send, reset, userPath, works } = await startHarness(tokens);
    await send(userPath());
    standIn.faults.set([
      { operation: 'getUser', effect: { kind: 'hang' } },
      { operation: 'directoryRoles', effect: { kind: 'latency', ms: 60_000 } },
      { effect: { kind: 'late', applyAfterMs: 20, answer: { status: 504 } } },
    ]);
    const hanging = [send(userPath()), send(`${userPath()}/directoryroles`)];
    const ended = Promise.allSettled(hanging);
    await reset();
    const startedAtMs = performance.now();

    await standIn.close();

    expect(performance.now() - startedAtMs).toBeLessThan(1000);
    expect((await ended).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    // Past the time at which the late change would have come.
    await new Promise((resolve) => {
      setTimeout(resolve, 40);
    });
    expect(works(goodPassword)).toBe(false);
  });

  it('rejects when the port is taken', async () => {
    const { standIn } = await startHarness(tokens);
    const port = Number(new URL(standIn.url).port);

    await expect(startHarness(tokens, { port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
    await standIn.close();
  });
});
