import { beforeAll, describe, expect, it } from '@jest/globals';
import { TableClient } from '@azure/data-tables';
import { QueueServiceClient } from '@azure/storage-queue';
import { randomBytes } from 'node:crypto';
import { createApiClient, sendBulkJob, uploadCsv } from '../../infra/local/api-client.js';
import { type Leak, type LeakNet, startLeakNet } from '../leak-net/leak-net.js';
import { eventually } from './eventually.js';
import { aPlainPerson, findPeople } from './people.js';
import { startTestStack, type TestStack } from './start-test-stack.js';
import { readBulkRows, waitForBulkReset } from './wait-for-bulk-reset.js';

/** Nothing else looks like it, and Entra accepts it. */
function aCanary(): string {
  return `Zq7-CANARY-${randomBytes(6).toString('hex')}`;
}

describe('secrets', () => {
  let stack: TestStack;
  let net: LeakNet;
  let leaks: readonly Leak[];
  const outcomes: Record<string, number> = {};
  /** The kind of what may be everywhere, and shows that the net is. */
  const openly = 'said openly';

  const postChosen = async (name: string, order: object) => {
    const { status } = await createApiClient(stack.facts, 'helpdesk').post('/password-resets', {
      delivery: 'none',
      password: aCanary(),
      ...order,
    });
    outcomes[name] = status;
  };
  const orderFor = (index: number) => {
    const { customer, user } = aPlainPerson(stack, index);
    return { customer: customer.tenantId, user: user.id };
  };

  /** Every path that a password takes, with whatever can go wrong on it. */
  async function takeEveryPath(): Promise<void> {
    await sendWhatIsRefused();
    await sendThroughFaults();
    await sendMalformed();
    await haveOneGenerated();
    await runJobs();
  }

  async function sendWhatIsRefused(): Promise<void> {
    const [admin] = findPeople(stack, ({ directoryRoles }) => directoryRoles.length > 0);
    const adminIds = { customer: admin?.customer.tenantId, user: admin?.user.id };
    const misspelt = aCanary();
    net.guard('misspelt password', misspelt);
    await postChosen('set', orderFor(0));
    await postChosen('user unknown', { ...orderFor(0), user: 'nobody.at.all@contoso.com' });
    await postChosen('refused', adminIds);
    await postChosen('not allowed', { ...orderFor(1), password: 'zq-canary-too-plain' });
    await postChosen('unknown field', { ...orderFor(1), passwrod: misspelt });
  }

  async function sendThroughFaults(): Promise<void> {
    const echoed = aCanary();
    const body = { code: 2000, description: `The password ${echoed} is weak`, data: [echoed] };
    const faults = {
      echoed: { kind: 'answer', status: 400, body },
      'answer lost': { kind: 'cut', applied: true },
      'answer damaged': { kind: 'truncate' },
      'wrong id': { kind: 'wrongId' },
      // The last one, as it keeps others of its customer waiting.
      throttled: { kind: 'throttle', retryAfter: 1 },
    } as const;
    const orders = Object.keys(faults).map((name, index) => [name, orderFor(2 + index)] as const);
    stack.partnerCenter.faults.set(
      Object.values(faults).map((effect, index) => ({
        operation: 'resetPassword',
        userId: aPlainPerson(stack, 2 + index).user.id,
        times: 1,
        effect,
      })),
    );
    for (const [name, order] of orders) {
      await postChosen(name, name === 'echoed' ? { ...order, password: echoed } : order);
    }
  }

  async function sendMalformed(): Promise<void> {
    const response = await fetch(`${stack.facts.apiUrl}/password-resets`, {
      method: 'POST',
      headers: {
        'x-api-key': stack.facts.callers[0]?.apiKey ?? '',
        'content-type': 'application/json',
      },
      body: `{"customer":"contoso.com","password":"${aCanary()}"x`,
    });
    outcomes['malformed'] = response.status;
  }

  async function haveOneGenerated(): Promise<void> {
    const helpdesk = createApiClient(stack.facts, 'helpdesk');
    const order = { ...orderFor(7), delivery: 'response' };
    const { body } = await helpdesk.post('/password-resets', order);
    const { id } = body as { id: string };
    net.guard(openly, id);
    // Its customer may have been throttled a moment ago.
    await eventually(async () => {
      const { status } = await helpdesk.get(`/password-resets/${id}/result`);
      return status === 200 ? status : undefined;
    });
  }

  async function runJobs(): Promise<void> {
    const lines = [8, 9, 10].map((index) => {
      const { customer, user } = aPlainPerson(stack, index);
      return `${customer.domain},${user.userPrincipalName},${aReference()}`;
    });
    const csv = `customer,user,reference\n${lines.join('\n')}\n`;
    const blob = await uploadCsv(stack.facts, 'job.csv', csv);
    const id = await sendBulkJob(stack.facts, { delivery: 'response', blob });
    net.guard(openly, id);
    await waitForBulkReset(stack.facts, id);
    await readBulkRows(stack.facts, id);

    // The job is refused, and its message put aside without the password.
    const { user } = aPlainPerson(stack, 11);
    const password = aCanary();
    net.guard('password in a job', password);
    const rows = [{ user: user.userPrincipalName, reference: aReference(), password }];
    const refused = await sendBulkJob(stack.facts, { delivery: 'none', rows });
    await waitForBulkReset(stack.facts, refused);
    // It is put aside after the job says that it is refused.
    await eventually(async () => ((await isPutAside()) ? true : undefined));
  }

  async function isPutAside(): Promise<boolean> {
    const queues = QueueServiceClient.fromConnectionString(stack.facts.storageConnectionString);
    const poison = queues.getQueueClient('bulk-reset-jobs-poison');
    return (await poison.peekMessages()).peekedMessageItems.length > 0;
  }

  function aReference(): string {
    const reference = `Reference-${randomBytes(6).toString('hex')}`;
    net.guard(openly, reference);
    return reference;
  }

  async function hasOpenRow(): Promise<boolean> {
    const { storageConnectionString: storage } = stack.facts;
    const options = { allowInsecureConnection: true };
    const table = TableClient.fromConnectionString(storage, 'passwordresets', options);
    for await (const { state } of table.listEntities<{ state?: string }>()) {
      if (['queued', 'claimed', 'uncertain'].includes(state ?? '')) return true;
    }
    return false;
  }

  beforeAll(async () => {
    net = startLeakNet();
    stack = await startTestStack();
    await takeEveryPath();
    await eventually(async () => ((await hasOpenRow()) ? undefined : true), { withinMs: 60_000 });
    await stack.stop();
    leaks = await net.stop();
  }, 120_000);

  it('are in no log, error, table, queue, blob or answer that is not meant for them', () => {
    expect(leaks.filter(({ kind }) => kind !== openly)).toEqual([]);
  });

  it('are looked for where there is something to find', () => {
    const sinks = leaks.filter(({ kind }) => kind === openly).map(({ sink }) => sink);

    expect(sinks).toEqual(
      expect.arrayContaining([
        'log of a host',
        'table passwordresets',
        'request to devstoreaccount1/password-resets',
        'queue bulk-reset-jobs-poison',
        'blob in bulk-inbox',
        'answer to POST /api/password-resets',
        'answer to GET /api/bulk-resets/{id}/rows',
      ]),
    );
  });

  it('were on every path', () => {
    expect(outcomes).toEqual({
      set: 200,
      'user unknown': 404,
      refused: 422,
      'not allowed': 422,
      'unknown field': 400,
      echoed: 422,
      'answer lost': 202,
      'answer damaged': 202,
      'wrong id': 202,
      throttled: 202,
      malformed: 400,
    });
  });
});
