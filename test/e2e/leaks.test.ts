import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { createApiClient, sendBulkJob, uploadCsv } from '../../infra/local/api-client.js';
import { eventually } from './eventually.js';
import { type LosingProxy, startLosingProxy } from '../integration/losing-proxy.js';
import { findLeaks, messagesIn, readStorage, type Secrets, type Sink } from './leak-scan.js';
import { aPlainPerson, findPeople } from './people.js';
import { startTestStack, type TestStack } from './start-test-stack.js';
import { readBulkRows, waitForBulkReset } from './wait-for-bulk-reset.js';

/** Nothing else looks like it, and Entra accepts it. */
function aCanary(): string {
  return `Zq7-CANARY-${randomBytes(6).toString('hex')}`;
}

describe('secrets', () => {
  let stack: TestStack;
  /** Messages are gone as soon as they are worked off, so they are read on their way. */
  let queue: LosingProxy;
  const answers: Sink[] = [];
  const secrets: Record<string, string> = {};

  const postChosen = async (name: string, order: object) => {
    const password = aCanary();
    secrets[`chosen: ${name}`] = password;
    const { status, body } = await createApiClient(stack.facts, 'helpdesk').post(
      '/password-resets',
      { delivery: 'none', password, ...order },
    );
    answers.push({ name: `answer: ${name}`, text: JSON.stringify(body) });
    return { status, password };
  };
  const orderFor = (index: number) => {
    const { customer, user } = aPlainPerson(stack, index);
    return { customer: customer.tenantId, user: user.id };
  };
  const faults = () => stack.partnerCenter.faults;

  /** Every path that a password takes, with whatever can go wrong on it. */
  async function takeEveryPath(): Promise<void> {
    const resets = { operation: 'resetPassword' } as const;
    await postChosen('set', orderFor(0));
    await postChosen('user unknown', { ...orderFor(0), user: 'nobody@contoso.com' });
    const [admin] = findPeople(stack, ({ directoryRoles }) => directoryRoles.length > 0);
    await postChosen('refused', {
      customer: admin?.customer.tenantId,
      user: admin?.user.id,
    });
    await postChosen('not allowed', {
      ...orderFor(1),
      password: (secrets['not allowed'] = 'zq7-canary-lower-only'),
    });
    await postChosen('unknown field', {
      ...orderFor(1),
      passwrod: (secrets['misspelt'] = aCanary()),
    });

    faults().set([{ ...resets, times: 1, effect: { kind: 'throttle', retryAfter: 1 } }]);
    await postChosen('throttled', orderFor(2));
    faults().set([{ ...resets, times: 1, effect: { kind: 'cut', applied: true } }]);
    await postChosen('answer lost', orderFor(3));
    faults().set([{ ...resets, times: 1, effect: { kind: 'truncate' } }]);
    await postChosen('answer damaged', orderFor(4));
    faults().set([{ ...resets, times: 1, effect: { kind: 'wrongId' } }]);
    await postChosen('wrong id', orderFor(5));
    const echo = (secrets['echoed'] = aCanary());
    const body = { code: 2000, description: `The password ${echo} is too weak`, data: [echo] };
    faults().set([{ ...resets, times: 1, effect: { kind: 'answer', status: 400, body } }]);
    await postChosen('echoed', { ...orderFor(6), password: echo });
    faults().clear();

    const malformed = (secrets['malformed'] = aCanary());
    const response = await fetch(`${stack.facts.apiUrl}/password-resets`, {
      method: 'POST',
      headers: {
        'x-api-key': stack.facts.callers[0]?.apiKey ?? '',
        'content-type': 'application/json',
      },
      body: `{"customer":"contoso.com","password":"${malformed}"x`,
    });
    answers.push({ name: 'answer: malformed', text: await response.text() });

    const helpdesk = createApiClient(stack.facts, 'helpdesk');
    const order = { ...orderFor(7), delivery: 'response' };
    const { id: resetId } = (await helpdesk.post('/password-resets', order)).body as { id: string };
    // Its customer may have been throttled a moment ago.
    const generated = await eventually(async () => {
      const { status, body: result } = await helpdesk.get(`/password-resets/${resetId}/result`);
      return status === 200 ? result : undefined;
    });
    secrets['generated'] = (generated as { password: string }).password;

    const lines = [8, 9, 10].map((index) => {
      const { customer, user } = aPlainPerson(stack, index);
      return `${customer.tenantId},${user.id}`;
    });
    const blob = await uploadCsv(stack.facts, 'job.csv', `customer,user\n${lines.join('\n')}\n`);
    const id = await sendBulkJob(stack.facts, { delivery: 'response', blob });
    await waitForBulkReset(stack.facts, id);
    for (const { row, password } of await readBulkRows(stack.facts, id)) {
      secrets[`row ${row}`] = password ?? '';
    }
  }

  beforeAll(async () => {
    stack = await startTestStack({
      interpose: async (connectionString) => {
        const [endpoint = ''] = /(?<=QueueEndpoint=)http:\/\/[^/;]+/.exec(connectionString) ?? [];
        queue = await startLosingProxy(endpoint);
        return connectionString.replace(endpoint, queue.url);
      },
    });
    await takeEveryPath();
    await eventually(async () => ((await hasOpenRows()) ? undefined : true), { withinMs: 60_000 });
  }, 120_000);

  afterAll(async () => {
    await stack.stop();
    await queue.close();
  });

  async function hasOpenRows(): Promise<boolean> {
    const [table] = (await readStorage(stack.facts.storageConnectionString)).filter(
      ({ name }) => name === 'table passwordresets',
    );
    return /"state":"(?:queued|claimed|uncertain)"/.test(table?.text ?? '');
  }

  const appSecrets = (): Secrets => ({
    'client secret': stack.keyVault.secrets.get('partner-client-secret') ?? '',
    'refresh token': stack.keyVault.secrets.get('partner-refresh-token') ?? '',
    'sealing key': stack.keyVault.secrets.get('sealing-key') ?? '',
    ...Object.fromEntries(
      stack.facts.callers.map(({ name, apiKey }) => [`key of ${name}`, apiKey]),
    ),
  });

  async function everything(): Promise<Sink[]> {
    return [
      { name: 'log', text: stack.lines.join('\n') },
      ...answers,
      { name: 'queues', text: messagesIn(queue.bodies).join('\n') },
      ...(await readStorage(stack.facts.storageConnectionString)),
    ];
  }

  it('are in no log line, table, queue, blob or answer that is not meant for them', async () => {
    const all = { ...secrets, ...appSecrets() };
    expect(Object.values(all).every((secret) => secret.length >= 12)).toBe(true);

    const leaks = findLeaks(await everything(), all);

    expect(leaks).toEqual([]);
  });

  it('are looked for where there is something to find', async () => {
    const sinks = await everything();
    const logged = sinks.find(({ name }) => name === 'log')?.text;
    const messages = sinks.find(({ name }) => name === 'queues')?.text;
    const rows = sinks.find(({ name }) => name === 'table passwordresets')?.text;

    expect(logged).toContain('password reset accepted');
    expect(rows).toContain('"state":"applied"');
    expect(messages).toContain('{"resetId":"');
    expect(sinks.map(({ name }) => name)).toContain('blob bulk-inbox/job.csv');
  });
});

describe('findLeaks()', () => {
  const secret = 'Zq7-CANARY <&"3f';

  it.each([
    ['raw', secret],
    ['url', encodeURIComponent(secret)],
    ['base64', Buffer.from(`x${secret}yz`).toString('base64')],
    ['base64', Buffer.from(`xy${secret}z`).toString('base64')],
    ['base64', Buffer.from(`xyz${secret}`).toString('base64')],
    ['base64url', Buffer.from(`?>${secret}~~`).toString('base64url')],
    ['hex', Buffer.from(secret).toString('hex')],
    ['json', JSON.stringify({ secret })],
    ['html', 'Zq7-CANARY &lt;&amp;"3f'],
    ['utf16', Buffer.from(secret, 'utf16le').toString('latin1')],
    ['piece', '…"assword": Zq7-CANA…'],
  ])('finds a planted secret that is written as %s', (encoding, text) => {
    expect(findLeaks([{ name: 'sink', text: `before ${text} after` }], { secret })).toContainEqual({
      sink: 'sink',
      secret: 'secret',
      encoding,
    });
  });

  it('finds nothing where nothing is', () => {
    expect(findLeaks([{ name: 'sink', text: 'Zq7 CANARY' }], { secret })).toEqual([]);
  });
});
