import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { passwordWorks, sendBulkJob, uploadCsv } from '../../infra/local/api-client.js';
import { isPlain } from '../../infra/local/directory/plain-user.js';
import {
  type RunningFunctionsHost,
  startFunctionsHost,
} from '../../infra/local/functions-host/spawn.js';
import { eventually } from './eventually.js';
import { findPeople, type Person } from './people.js';
import { startTestStack, type TestStack } from './start-test-stack.js';
import { readBulkRows, waitForBulkReset } from './wait-for-bulk-reset.js';

const fastClock = fileURLToPath(new URL('./fast-clock.mjs', import.meta.url));
const rows = 500;
/** A lease of two minutes is over after six seconds. */
const clockFactor = 20;

describe('a bulk job of 500 rows', () => {
  let stack: TestStack;
  let people: readonly Person[];
  let hosts: RunningFunctionsHost[];

  beforeEach(async () => {
    stack = await startTestStack({
      usersPerCustomer: 200,
      settings: {
        SETTLE_SECONDS: '60',
        NODE_OPTIONS: `--import=${fastClock}`,
        FAST_CLOCK_FACTOR: String(clockFactor),
        FAST_CLOCK_SINCE_MS: String(Date.now()),
      },
    });
    people = findPeople(stack, isPlain).slice(0, rows);
    hosts = [];
  });

  afterEach(async () => {
    await Promise.all(hosts.map((host) => host.stop()));
    await stack.stop();
  });

  it('comes to its end, with passwords that work, while the host is killed again and again', async () => {
    const id = await startJob();
    const sweeping = sweepAgainAndAgain();
    for (let kills = 0, host: RunningFunctionsHost = stack.host; kills < 8; kills += 1) {
      await moreResets(20);
      host.kill();
      await host.exited;
      host = await startHost(Number(new URL(stack.facts.apiUrl).port));
    }
    await waitForBulkReset(stack.facts, id);
    await sweeping.stop();

    expect(await brokenPromises(id)).toEqual([]);
  }, 180_000);

  it('comes to the same end with two hosts on one queue', async () => {
    await startHost(0);
    const id = await startJob();
    const sweeping = sweepAgainAndAgain();
    await waitForBulkReset(stack.facts, id);
    await sweeping.stop();

    expect(await brokenPromises(id)).toEqual([]);
    // Nobody died, so nobody had a reason to send anything twice.
    expect(resetsSent()).toBe(rows);
  }, 120_000);

  async function startHost(port: number): Promise<RunningFunctionsHost> {
    const host = await startFunctionsHost({ app: 'dist', env: stack.facts.settings, port });
    hosts.push(host);
    return host;
  }

  async function startJob(): Promise<string> {
    const lines = people.map(({ customer, user }) => `${customer.tenantId},${user.id}`);
    const blob = await uploadCsv(stack.facts, 'all.csv', `customer,user\n${lines.join('\n')}\n`);
    return sendBulkJob(stack.facts, { delivery: 'response', blob });
  }

  function resetsSent(): number {
    const { requests } = stack.partnerCenter;
    return requests.filter(({ operation }) => operation === 'resetPassword').length;
  }

  async function moreResets(count: number): Promise<void> {
    const before = resetsSent();
    const isEnough = () => Promise.resolve(resetsSent() >= before + count || undefined);
    await eventually(isEnough, { withinMs: 40_000 });
  }

  /** As the timer does, which goes by the clock on the wall. */
  function sweepAgainAndAgain() {
    const stopping = new AbortController();
    const { signal } = stopping;
    const sweeping = (async () => {
      while (!signal.aborted) {
        const url = new URL('/admin/functions/sweep', stack.facts.apiUrl);
        const headers = { 'content-type': 'application/json' };
        // Nobody answers while the host is dead.
        await fetch(url, { method: 'POST', headers, body: '{}' }).catch(() => undefined);
        await delay(1_000, undefined, { signal }).catch(() => undefined);
      }
    })();
    return {
      async stop() {
        stopping.abort();
        await sweeping;
      },
    };
  }

  /** What a row says that is not so. */
  async function brokenPromises(id: string): Promise<string[]> {
    const found = await readBulkRows(stack.facts, id);
    const broken: string[] = [];
    if (found.length !== rows) broken.push(`there are ${found.length} rows`);
    for (const { row, status, password, error } of found) {
      const person = people[row - 1];
      if (person === undefined) throw new RangeError(`There is no row ${row}`);
      if (status !== 'Succeeded') broken.push(`row ${row} is ${status} (${error?.code ?? ''})`);
      if (!(await works(person, password ?? ''))) broken.push(`row ${row}: wrong password`);
      const { tenantId } = person.customer;
      const passwords = stack.directory
        .passwordHistory(tenantId, person.user.id)
        .filter(({ by }) => by === 'partner-center')
        .map((change) => change.password);
      if (new Set(passwords).size !== 1) broken.push(`row ${row} had several passwords`);
    }
    return broken;
  }

  function works({ customer, user }: Person, password: string): Promise<boolean> {
    const { userPrincipalName } = user;
    return passwordWorks(stack.facts, { tenant: customer.tenantId, userPrincipalName, password });
  }
});
