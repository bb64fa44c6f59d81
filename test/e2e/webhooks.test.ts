import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { createApiClient } from '../../infra/local/api-client.js';
import { hmacHeaders, standardHeaders } from '../builders/a-signed-webhook.js';
import { startTestStack, type TestStack } from './start-test-stack.js';

const forgedSecret = `whsec_${randomBytes(32).toString('base64')}`;

describe('receive-webhook', () => {
  let stack: TestStack;

  beforeAll(async () => {
    stack = await startTestStack();
  });

  afterAll(async () => {
    await stack.stop();
  });

  beforeEach(() => {
    stack.partnerCenter.clearRequests();
  });

  const secretOf = (source: string) => stack.facts.webhookSecrets[source] ?? '';
  const sent = () =>
    stack.partnerCenter.requests.filter(({ operation }) => operation === 'resetPassword');
  const anEvent = (data: object = {}) => {
    const { customerTenantId: customer, userId: user } = stack.facts.samples;
    return JSON.stringify({
      type: 'password-reset.requested',
      timestamp: new Date().toISOString(),
      data: { customer, user, delivery: 'none', ...data },
    });
  };
  const post = async (body: string, headers: Record<string, string>, source = 'ticket-system') => {
    const response = await fetch(`${stack.facts.apiUrl}/webhooks/${source}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body,
    });
    const answer = (await response.json()) as { readonly id: string };
    return { status: response.status, headers: response.headers, body: answer };
  };
  const sign = (body: string, id: string, secret = secretOf('ticket-system')) =>
    standardHeaders({ secret, body, id });

  it('resets a user once, however often the same message comes', async () => {
    const body = anEvent({ reference: 'ticket 1' });
    const id = randomUUID();

    const first = await post(body, sign(body, id));
    const again = await post(body, sign(body, id));

    expect(first).toMatchObject({
      status: 202,
      body: { status: 'Succeeded', reference: 'ticket 1', delivery: 'none' },
    });
    expect(again).toMatchObject({ status: 202, body: first.body });
    expect(sent()).toHaveLength(1);
    const result = await createApiClient(stack.facts, 'ticket-system').get(
      first.headers.get('location') ?? '',
    );
    expect(result).toMatchObject({ status: 200, body: first.body });
  });

  it('hands out a link to an API key of the source, and never to who has a delivery of it', async () => {
    const body = anEvent({ delivery: 'link' });
    const headers = sign(body, randomUUID());

    const first = await post(body, headers);
    const replayed = await post(body, headers);
    const location = first.headers.get('location') ?? '';
    const [known, stranger] = await Promise.all([
      createApiClient(stack.facts, 'ticket-system').get(location),
      fetch(location),
    ]);

    for (const answer of [first, replayed]) {
      expect(answer).toMatchObject({ status: 202, body: { status: 'Succeeded' } });
      expect(JSON.stringify(answer.body)).not.toContain('/reveal/');
    }
    expect(known).toMatchObject({ status: 200, body: { link: expect.stringMatching(/reveal/) } });
    expect(stranger.status).toBe(401);
  });

  it('resets a user once when fifty of the same message come together', async () => {
    const body = anEvent();
    const headers = sign(body, randomUUID());

    const answers = await Promise.all(Array.from({ length: 50 }, () => post(body, headers)));

    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([202]));
    expect(new Set(answers.map((answer) => answer.body.id)).size).toBe(1);
    expect(sent()).toHaveLength(1);
  });

  it('refuses another order under the id of a message, and an API key chooses no such id', async () => {
    const body = anEvent();
    const other = anEvent({ forceChangePassword: false });
    const id = randomUUID();
    const first = await post(body, sign(body, id));

    const second = await post(other, sign(other, id));
    const { customerTenantId: customer, userId: user } = stack.facts.samples;
    const overApi = await fetch(`${stack.facts.apiUrl}/password-resets`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'x-api-key': stack.facts.callers.find(({ name }) => name === 'ticket-system')?.apiKey ?? '',
        'idempotency-key': id,
      },
      body: JSON.stringify({ customer, user, delivery: 'none' }),
    });

    expect(second).toMatchObject({ status: 409, body: { error: { code: 'IdempotencyConflict' } } });
    expect(await overApi.json()).not.toMatchObject({ id: first.body.id });
    expect(sent()).toHaveLength(2);
  });

  it.each<[string, (body: string) => Record<string, string>]>([
    ['without a signature', () => ({})],
    ['signed with another secret', (body) => sign(body, randomUUID(), forgedSecret)],
    ['signed for another body', (body) => sign(`${body} `, randomUUID())],
    [
      'sent too long ago',
      (body) =>
        standardHeaders({
          secret: secretOf('ticket-system'),
          body,
          atMs: Date.now() - 302_000,
        }),
    ],
    [
      'signed by the other scheme',
      (body) => hmacHeaders({ secret: secretOf('ticket-system'), body }),
    ],
  ])('lets nothing through that is %s', async (_what, headersFor) => {
    const body = anEvent();

    const answer = await post(body, headersFor(body));

    expect(answer).toMatchObject({ status: 401, body: { error: { code: 'Unauthorized' } } });
    expect(stack.partnerCenter.requests).toEqual([]);
  });

  it('answers alike for a source that signs wrongly, one without a webhook and one that is none', async () => {
    const body = anEvent();
    const headers = sign(body, randomUUID(), forgedSecret);

    const [forged, ...others] = await Promise.all(
      ['ticket-system', 'helpdesk', 'nobody'].map((source) => post(body, headers, source)),
    );

    for (const { status, body: error } of others) {
      expect({ status, error }).toEqual({ status: forged?.status, error: forged?.body });
    }
    expect(stack.lines.join('\n')).toContain('the caller is listed without a webhook');
    expect(stack.partnerCenter.requests).toEqual([]);
  });

  it('keeps a source within its customers and permissions', async () => {
    const foreign = [...stack.directory.customers.values()].find(
      ({ tenantId }) => tenantId !== stack.facts.samples.customerTenantId,
    );
    const outOfScope = anEvent({ customer: foreign?.tenantId });
    const withPassword = anEvent({ delivery: 'response' });

    expect(await post(outOfScope, sign(outOfScope, randomUUID()))).toMatchObject({
      status: 404,
      body: { error: { code: 'CustomerNotFound' } },
    });
    expect(await post(withPassword, sign(withPassword, randomUUID()))).toMatchObject({
      status: 400,
      body: { error: { code: 'InvalidRequest', target: 'data.delivery' } },
    });
    expect(stack.partnerCenter.requests).toEqual([]);
  });

  it('prints neither the secret nor a signature', () => {
    const [, key = ''] = secretOf('ticket-system').split('_');
    const printed = stack.lines.join('\n');

    expect(printed).toContain('webhook refused');
    expect(printed).not.toContain(key);
    expect(printed).not.toContain(createHash('sha256').update(key).digest('hex'));
    expect(printed).not.toContain('v1,');
  });
});
