import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { compactDecrypt, exportJWK, generateKeyPair } from 'jose';
import { createHash, randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { createApiClient, passwordWorks } from '../../infra/local/api-client.js';
import { isPlain } from '../../infra/local/directory/plain-user.js';
import {
  type RunningFunctionsHost,
  startFunctionsHost,
} from '../../infra/local/functions-host/spawn.js';
import { eventually } from './eventually.js';
import { findPeople, type Person } from './people.js';
import { startTestStack, type TestStack } from './start-test-stack.js';
import { type BulkRowView, readBulkRows, waitForBulkReset } from './wait-for-bulk-reset.js';

const fastClock = fileURLToPath(new URL('./fast-clock.mjs', import.meta.url));
/** Rows of one job for each way in which a password reaches its person. */
const rowsOf = { response: 200, link: 150, recipientKey: 100, none: 50 } as const;
type Delivery = keyof typeof rowsOf;
const rows = 500;
const caller = { name: 'programs', apiKey: randomBytes(32).toString('base64url') };
const recipient = await generateKeyPair('RSA-OAEP-256', { modulusLength: 2048 });
/** A lease of two minutes is over after six seconds. */
const clockFactor = 20;

describe('bulk jobs of 500 rows with every delivery', () => {
  let stack: TestStack;
  let facts: TestStack['facts'];
  let people: readonly Person[];
  let hosts: RunningFunctionsHost[];

  beforeEach(async () => {
    const recipientKey = {
      ...(await exportJWK(recipient.publicKey)),
      kid: 'r1',
      alg: 'RSA-OAEP-256',
    };
    stack = await startTestStack({
      usersPerCustomer: 200,
      callers: () => [
        {
          name: caller.name,
          apiKeys: [{ sha256: createHash('sha256').update(caller.apiKey).digest('hex') }],
          permissions: ['bulkReset', 'readPassword'],
          customers: '*',
          recipientKeys: [recipientKey],
        },
      ],
      settings: {
        SETTLE_SECONDS: '60',
        NODE_OPTIONS: `--import=${fastClock}`,
        FAST_CLOCK_FACTOR: String(clockFactor),
        FAST_CLOCK_SINCE_MS: String(Date.now()),
      },
    });
    facts = { ...stack.facts, callers: [...stack.facts.callers, caller] };
    people = findPeople(stack, isPlain).slice(0, rows);
    hosts = [];
  });

  afterEach(async () => {
    await Promise.all(hosts.map((host) => host.stop()));
    await stack.stop();
  });

  it('come to their end, with passwords that work, while the host is killed again and again', async () => {
    const jobs = await startJobs();
    const sweeping = sweepAgainAndAgain();
    for (let kills = 0, host: RunningFunctionsHost = stack.host; kills < 8; kills += 1) {
      await moreResets(20);
      host.kill();
      await host.exited;
      host = await startHost(Number(new URL(stack.facts.apiUrl).port));
    }
    await allOver(jobs);
    await sweeping.stop();

    expect(await brokenPromises(jobs)).toEqual([]);
  }, 180_000);

  it('come to the same end with two hosts on one queue', async () => {
    await startHost(0);
    const jobs = await startJobs();
    const sweeping = sweepAgainAndAgain();
    await allOver(jobs);
    await sweeping.stop();

    expect(await brokenPromises(jobs)).toEqual([]);
    // Nobody died, so nobody had a reason to send anything twice.
    expect(resetsSent()).toBe(rows);
  }, 120_000);

  async function startHost(port: number): Promise<RunningFunctionsHost> {
    const host = await startFunctionsHost({ app: 'dist', env: stack.facts.settings, port });
    hosts.push(host);
    return host;
  }

  async function startJobs(): Promise<readonly Job[]> {
    const left = [...people];
    const api = createApiClient(facts, caller.name);
    return Promise.all(
      Object.entries(rowsOf).map(async ([delivery, count]) => {
        const own = left.splice(0, count);
        const answer = await api.post('/bulk-resets', {
          delivery,
          ...(delivery === 'recipientKey' && { recipientKeyId: 'r1' }),
          rows: own.map(({ customer, user }) => ({ customer: customer.tenantId, user: user.id })),
        });
        const { id } = answer.body as { readonly id: string };
        return { id, delivery: delivery as Delivery, people: own };
      }),
    );
  }

  async function allOver(jobs: readonly Job[]): Promise<void> {
    for (const { id } of jobs) await waitForBulkReset(facts, id, caller.name);
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
  async function brokenPromises(jobs: readonly Job[]): Promise<string[]> {
    const broken: string[] = [];
    for (const job of jobs) {
      const found = await readBulkRows(facts, job.id, caller.name);
      if (found.length !== job.people.length) broken.push(`there are ${found.length} rows`);
      for (const view of found) {
        const fault = await faultOf(view, job);
        if (fault !== undefined) broken.push(`${job.delivery}, row ${view.row}: ${fault}`);
      }
    }
    return broken;
  }

  async function faultOf(view: BulkRowView, job: Job): Promise<string | undefined> {
    const person = job.people[view.row - 1];
    if (person === undefined) return 'there is no such row';
    if (view.status !== 'Succeeded') return `is ${view.status} (${view.error?.code ?? ''})`;
    const passwords = stack.directory
      .passwordHistory(person.customer.tenantId, person.user.id)
      .filter(({ by }) => by === 'partner-center')
      .map((change) => change.password);
    if (new Set(passwords).size !== 1) return 'had several passwords, or none';
    const password = await receive[job.delivery](view);
    if (job.delivery === 'none') return password && 'shows a password';
    if (password === undefined) return 'shows no password';
    return (await works(person, password)) ? undefined : 'shows a wrong password';
  }

  function works({ customer, user }: Person, password: string): Promise<boolean> {
    const { userPrincipalName } = user;
    return passwordWorks(facts, { tenant: customer.tenantId, userPrincipalName, password });
  }
});

interface Job {
  readonly id: string;
  readonly delivery: Delivery;
  readonly people: readonly Person[];
}

/** How whoever a password is for gets at it. */
const receive: Readonly<Record<Delivery, (row: BulkRowView) => Promise<string | undefined>>> = {
  response: ({ password }) => Promise.resolve(password),
  none: ({ password }) => Promise.resolve(password),

  async recipientKey({ encryptedPassword }) {
    if (encryptedPassword === undefined) return undefined;
    const { plaintext } = await compactDecrypt(encryptedPassword, recipient.privateKey);
    return (JSON.parse(new TextDecoder().decode(plaintext)) as { readonly password: string })
      .password;
  },

  async link({ link }) {
    if (link === undefined) return undefined;
    const page = await (await fetch(link, { method: 'POST' })).text();
    const [, shown] = /<p class="password"[^>]*>(.*?)<\/p>/s.exec(page) ?? [];
    return shown?.replaceAll(/<[^>]*>/g, '').replaceAll(/&#(\d+);|&(\w+);/g, toCharacter);
  },
};

const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"' };

function toCharacter(_entity: string, code: string | undefined, name: string): string {
  return code === undefined ? (entities[name] ?? '') : String.fromCharCode(Number(code));
}
