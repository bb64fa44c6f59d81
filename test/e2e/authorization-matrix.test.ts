import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { directoryRoles } from '../../infra/local/directory/directory-user.js';
import { isPlain } from '../../infra/local/directory/plain-user.js';
import { eventually } from './eventually.js';
import { allCallers, listCallers, type MatrixCaller, rowsToApprove } from './matrix-callers.js';
import {
  allCombinations,
  type Combination,
  type Possessions,
  type WaitingJob,
} from './matrix-combinations.js';
import { type Ask, holds, type Place } from './matrix-rules.js';
import { startTestStack, type TestStack } from './start-test-stack.js';

interface Answer {
  readonly verdict: string;
  /** All of it but what differs from request to request. */
  readonly bytes: string;
  readonly body: Readonly<Record<string, unknown>>;
}

const concurrency = 24;
const functionsFolder = new URL('../../functions/', import.meta.url);

describe('caller × route × customer', () => {
  let stack: TestStack;
  let combinations: readonly Combination[];
  let rowsOfWaitingJobs: string[];
  let victim: { readonly caller: MatrixCaller; readonly resetId: string; readonly link: string };

  beforeAll(async () => {
    stack = await startTestStack({
      customers: 2,
      usersPerCustomer: 1_500,
      callers: ({ customers }) => listCallers([...customers.keys()][0] ?? ''),
    });
    await arrange();
  }, 120_000);

  afterAll(async () => {
    await stack.stop();
  });

  it('has 2,587 combinations, and leaves out no route', async () => {
    const sources = await Promise.all(
      (await readdir(functionsFolder)).map((name) =>
        readFile(new URL(name, functionsFolder), 'utf8'),
      ),
    );
    const registered = sources
      .filter((source) => source.includes('app.http('))
      .flatMap((source) => {
        const route = /route: '(?<path>[^']+)'/.exec(source)?.groups?.['path'];
        const methods = /methods: \[(?<list>[^\]]+)\]/.exec(source)?.groups?.['list'] ?? '';
        return [...methods.matchAll(/'(\w+)'/g)].map(([, method]) => `${method} ${route}`);
      });

    expect(combinations).toHaveLength(2_587);
    expect([...new Set(combinations.map(({ route }) => route))].sort()).toEqual(registered.sort());
  });

  it('refuses whoever is to be refused, alike for what is foreign and what is unknown', async () => {
    const refused = combinations.filter(({ expected }) => /^40[0134]/.test(expected));
    stack.partnerCenter.clearRequests();

    const answers = await askAll(refused);

    expect(wrongOnes(refused, answers)).toEqual([]);
    const shown = new Map<string, Set<string | undefined>>();
    for (const [index, { alike }] of refused.entries()) {
      if (alike !== undefined)
        shown.set(alike, (shown.get(alike) ?? new Set()).add(answers[index]?.bytes));
    }
    expect([...shown].filter(([, different]) => different.size > 1)).toEqual([]);
    const upstream = stack.partnerCenter.requests;
    const touched = upstream.filter(({ customerTenantId = '' }) =>
      stack.directory.customers.has(customerTenantId),
    );
    expect(touched).toEqual([]);
    expect(upstream.filter(({ operation }) => operation === 'resetPassword')).toEqual([]);
  }, 120_000);

  it('allows whatever is to be allowed, and resets just those users', async () => {
    const allowed = combinations.filter(({ expected }) => !/^40[0134]/.test(expected));
    stack.partnerCenter.clearRequests();

    const answers = await askAll(allowed);
    const ofJobs = allowed.flatMap(({ caller, route }, index) =>
      route === 'POST bulk-resets' ? [{ caller, id: String(answers[index]?.body['id']) }] : [],
    );
    await eachOf(ofJobs, ({ caller, id }) => endOfJob(caller, id));

    expect(wrongOnes(allowed, answers)).toEqual([]);
    const expected = [...allowed.flatMap(({ resets = [] }) => resets), ...rowsOfWaitingJobs].sort();
    const sent = () =>
      stack.partnerCenter.requests
        .filter(({ operation, applied }) => operation === 'resetPassword' && applied === true)
        .map(({ userId }) => userId)
        .sort();
    await eventually(() => Promise.resolve(sent().length < expected.length ? undefined : true));
    expect(sent()).toEqual(expected);
  }, 120_000);

  it('leaves the victim what it had', async () => {
    const { caller, resetId, link } = victim;

    const view = await ask({ caller, path: `/password-resets/${resetId}/result` });
    const opened = await fetch(link, { method: 'POST' });
    const again = await fetch(link, { method: 'POST' });

    expect(view.body).toMatchObject({ status: 'Succeeded', link });
    expect(view.body).not.toHaveProperty('revokedAt');
    expect([opened.status, again.status]).toEqual([200, 410]);
  });

  /** Something of their own for all who may have it, and a job for each reach that waits for somebody. */
  async function arrange(): Promise<void> {
    const [a, b] = [...stack.directory.customers.values()];
    if (a === undefined || b === undefined) throw new RangeError('There are too few customers');
    const spare = {
      A: [...a.users.values()].filter(isPlain),
      B: [...b.users.values()].filter(isPlain),
    };
    const customerOf = { A: a, B: b };
    const newUser = (customer: Place['customer'], wanted: Ask): string => {
      if (customer === 'unknown') return randomUUID();
      const user = spare[customer].pop();
      if (user === undefined) throw new RangeError(`${customer} has no users left`);
      if (wanted === 'admin') user.directoryRoles.push(directoryRoles.userAdministrator);
      return user.id;
    };

    const callers = await allCallers(stack);
    const named = (name: string) => {
      const caller = callers.find((one) => one.name === name);
      if (caller === undefined) throw new RangeError(`There is no caller ${name}`);
      return caller;
    };
    const customer = a.tenantId;
    const possessions = new Map<MatrixCaller, Possessions>();
    await eachOf(callers, async (caller) => {
      const { may } = caller;
      if (may === undefined) return;
      const mayReset = holds(may, ['reset']) && may.customers !== 'none';
      const resetId = mayReset
        ? await idOf({
            caller,
            path: '/password-resets',
            body: { customer, user: newUser('A', 'link') },
          })
        : undefined;
      const rows = [{ customer, user: newUser('A', 'link') }];
      const jobId = holds(may, ['bulkReset'])
        ? await idOf({ caller, path: '/bulk-resets', body: { rows } })
        : undefined;
      if (jobId !== undefined) await endOfJob(caller, jobId);
      possessions.set(caller, {
        ...(resetId !== undefined && { resetId }),
        ...(jobId !== undefined && { jobId }),
      });
    });

    rowsOfWaitingJobs = [];
    const submit = async (owner: MatrixCaller, waitsFor: 'A' | 'all'): Promise<WaitingJob> => {
      const rows = Array.from({ length: rowsToApprove }, () => ({
        customer,
        user: newUser('A', 'none'),
      }));
      rowsOfWaitingJobs.push(...rows.map(({ user }) => user));
      const id = await idOf({
        caller: owner,
        path: '/bulk-resets',
        body: { delivery: 'none', rows },
      });
      await eventually(async () => {
        const { body } = await ask({ caller: owner, path: `/bulk-resets/${id}` });
        return body['awaitsApproval'] === true ? true : undefined;
      });
      const approver = named('all-for-everybody');
      const { body } = await ask({ caller: approver, path: `/bulk-resets/${id}/approval` });
      return { waitsFor, owner, id, digest: String(body['digest']) };
    };
    const waitingJobs = [
      await submit(named('submits-for-a'), 'A'),
      await submit(named('submits-for-everybody'), 'all'),
    ];

    const owner = named('all-for-everybody');
    const order = { customer, user: newUser('A', 'link') };
    const { body } = await ask({ caller: owner, path: '/password-resets', body: order });
    victim = { caller: owner, resetId: String(body['id']), link: String(body['link']) };
    const { jobId = '' } = possessions.get(owner) ?? {};
    const another = possessions.get(named('all-for-a'));
    const besides: Readonly<Record<string, Possessions | undefined>> = {
      'all-for-everybody': another,
      application: possessions.get(named('person')),
      person: possessions.get(named('application')),
    };

    const unknownDomain = `${randomUUID()}.example.com`;
    const unknownId = randomUUID();
    combinations = allCombinations({
      callers,
      possessionsOf: (caller) => possessions.get(caller) ?? {},
      foreignTo: ({ name }) => ({ resetId: victim.resetId, jobId, ...besides[name] }),
      waitingJobs,
      nameOf: ({ customer: which, by }) => {
        if (which === 'unknown') return by === 'GUID' ? unknownId : unknownDomain;
        return by === 'GUID' ? customerOf[which].tenantId : customerOf[which].domain;
      },
      newUser,
      linkToken: victim.link.split('/').at(-1) ?? '',
      webhookSecret: stack.facts.webhookSecrets['ticket-system'] ?? '',
    });
  }

  type Request = Pick<Combination, 'caller' | 'path' | 'body' | 'headers'> & {
    readonly route?: string;
  };

  async function ask({ caller, path, body, headers, route }: Request): Promise<Answer> {
    const method = route?.split(' ')[0] ?? (body === undefined ? 'GET' : 'POST');
    const response = await fetch(`${stack.facts.apiUrl}${path}`, {
      method,
      headers: {
        ...caller.headers,
        ...headers,
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    const code = response.headers.get('x-ms-error-code');
    const isJson = response.headers.get('content-type')?.startsWith('application/json') === true;
    const lasting = [...response.headers].filter(
      ([name]) => !['date', 'x-ms-request-id'].includes(name),
    );
    return {
      verdict: [response.status, ...(code === null ? [] : [code])].join(' '),
      bytes: JSON.stringify([response.status, lasting, text]),
      body: isJson && text !== '' ? (JSON.parse(text) as Answer['body']) : {},
    };
  }

  async function idOf(request: Request): Promise<string> {
    const { verdict, body } = await ask(request);
    if (!verdict.startsWith('20')) throw new Error(`${request.caller.name}: ${verdict}`);
    return String(body['id']);
  }

  function endOfJob(caller: MatrixCaller, id: string): Promise<true> {
    return eventually(
      async () => {
        const { body } = await ask({ caller, path: `/bulk-resets/${id}` });
        return body['status'] === 'NotStarted' || body['status'] === 'Running' ? undefined : true;
      },
      { withinMs: 60_000 },
    );
  }

  async function askAll(all: readonly Combination[]): Promise<readonly Answer[]> {
    const answers: Answer[] = [];
    await eachOf([...all.entries()], async ([index, combination]) => {
      answers[index] = await ask(combination);
    });
    return answers;
  }

  /** As lines that say who, what, and how it went. */
  function wrongOnes(all: readonly Combination[], answers: readonly Answer[]): string[] {
    return all.flatMap(({ caller, route, about, expected }, index) => {
      const verdict = answers[index]?.verdict ?? 'no answer';
      return verdict === expected
        ? []
        : [`${caller.name}, ${route}, ${about}: ${verdict} instead of ${expected}`];
    });
  }
});

async function eachOf<T>(all: readonly T[], handle: (one: T) => Promise<unknown>): Promise<void> {
  const waiting = all.values();
  const next = async () => {
    for (const one of waiting) await handle(one);
  };
  await Promise.all(Array.from({ length: concurrency }, next));
}
