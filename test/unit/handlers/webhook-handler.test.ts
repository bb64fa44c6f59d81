import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { gzipSync } from 'node:zlib';
import type { WebhookScheme } from '../../../shared/callers/caller-list.js';
import { createFingerprints } from '../../../shared/delivery/fingerprints.js';
import { createHttpDoor } from '../../../shared/handlers/http-door.js';
import { createPasswordResetLinks } from '../../../shared/handlers/password-reset-view.js';
import { createTakePasswordReset } from '../../../shared/handlers/take-password-reset.js';
import { createWebhookHandler } from '../../../shared/handlers/webhook-handler.js';
import { createClaimIdempotencyKey } from '../../../shared/password-reset/claim-idempotency-key.js';
import type { PasswordResetOrder } from '../../../shared/password-reset/password-reset-order.js';
import { ResetError } from '../../../shared/password-reset/reset-error.js';
import type { Delivery, ResetRow } from '../../../shared/password-reset/reset-row.js';
import { Secret } from '../../../shared/platform/secret.js';
import { aCaller } from '../../builders/a-caller.js';
import { aCallerList } from '../../builders/a-caller-list.js';
import { acceptedAtMs, aResetRow, customerTenantId, userId } from '../../builders/a-reset-row.js';
import { hmacHeaders, standardHeaders } from '../../builders/a-signed-webhook.js';
import { FakeIdempotencyKeys } from '../../fakes/fake-idempotency-keys.js';
import { FakeSealingKeys } from '../../fakes/fake-sealing-keys.js';
import { type Answer, call, expectRefusal, invocationId } from './invocation.js';
import { createNoteRefusals } from '../../../shared/handlers/caller-door.js';
import { FakeAudit } from '../../fakes/fake-audit.js';

const canary = ['canary', '7f3a'].join('-');
const secret = `whsec_${Buffer.from('a'.repeat(32)).toString('base64')}`;
const otherSecret = `whsec_${Buffer.from('b'.repeat(32)).toString('base64')}`;
const reset = aResetRow({ state: 'claimed' });
const monitor = `https://resets.example/api/password-resets/${reset.resetId}`;
const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

beforeEach(() => {
  // The package that verifies looks at the clock by itself. Nothing else is to stand still.
  jest.useFakeTimers({
    now: acceptedAtMs,
    doNotFake: ['nextTick', 'setImmediate', 'setTimeout', 'queueMicrotask', 'performance'],
  });
});

afterEach(() => {
  jest.useRealTimers();
});

describe('createWebhookHandler()', () => {
  it('hands the order on as its sender signed it', async () => {
    const { send, orders } = aDoor();
    const data = {
      customer: 'Contoso.com',
      user: 'Adele@contoso.com',
      forceChangePassword: false,
      delivery: 'none',
      reference: 'INC-7',
    };

    const answer = await send({ ...anEvent(), data });

    expect(answer.status).toBe(202);
    expect(orders).toEqual([
      {
        caller: 'ticket-system',
        customer: { kind: 'domain', domain: 'contoso.com' },
        user: { kind: 'signInName', userPrincipalName: 'Adele@contoso.com' },
        forceChangePassword: false,
        delivery: 'none',
        reference: 'INC-7',
        requestId: invocationId,
        idempotencyKey: 'webhook\nmsg_1',
      },
    ]);
  });

  it('knows a message by its body when the signature covers no id', async () => {
    const { send, orders } = aDoor({ scheme: 'hmac-sha256' });

    await send(anEvent(), { id: 'delivery-1' });
    await send(anEvent(), { id: 'delivery-2' });

    expect(orders).toHaveLength(2);
    expect(orders[0]?.idempotencyKey).toMatch(/^webhook\n[0-9a-f]{64}$/);
    expect(orders[1]).toEqual(orders[0]);
  });

  describe('answers 202', () => {
    it.each<[string, ResetRow, object]>([
      ['under way', reset, { status: 'Running' }],
      ['put off', aResetRow({ notBeforeMs: acceptedAtMs + 20_000 }), { status: 'NotStarted' }],
      ['done', aResetRow({ state: 'applied', userId }), { status: 'Succeeded', userId }],
      [
        'refused',
        aResetRow({ state: 'rejected', code: 'UserIsAdmin' }),
        { status: 'Failed', error: { code: 'UserIsAdmin' } },
      ],
      [
        'refused for now',
        aResetRow({ state: 'rejected', code: 'ReconsentRequired' }),
        { status: 'Failed', error: { code: 'ReconsentRequired' } },
      ],
      ['withdrawn', aResetRow({ state: 'cancelled' }), { status: 'Canceled' }],
    ])('when the reset is %s, and says so', async (_what, row, body) => {
      const answer = await aDoor({ row }).send(anEvent());

      expect(answer).toMatchObject({
        status: 202,
        headers: {
          location: `${monitor}/result`,
          'operation-location': monitor,
          'retry-after': expect.stringMatching(/^(5|20)$/),
          'cache-control': 'no-store',
        },
        body: { id: reset.resetId, ...body },
      });
    });

    it.each(['link', 'recipientKey', 'none'] as const)(
      'without what the delivery %s gives, the first time and whenever it is replayed',
      async (delivery) => {
        const { send } = aDoor({
          row: aResetRow({ state: 'applied', userId, delivery, seal: canary }),
        });

        const first = await send(anEvent());
        const replayed = await send(anEvent());

        expect(Object.keys(first.body as object).sort()).toEqual([
          'completedAt',
          'createdAt',
          'customerTenantId',
          'delivery',
          'forceChangePassword',
          'id',
          'status',
          'userId',
        ]);
        expect(replayed).toEqual(first);
      },
    );
  });

  describe('takes a message again', () => {
    it.each(['standard', 'hmac-sha256'] as const)(
      'as the same reset when it is signed by %s',
      async (scheme) => {
        const { send, resetIds } = aDoor({ scheme });

        await send(anEvent());
        const again = await send(anEvent());

        expect(again.status).toBe(202);
        expect(resetIds).toEqual(['reset-1', 'reset-1']);
      },
    );

    it('as the same reset when its sender tries again hours later, with a new signature', async () => {
      const { send, resetIds } = aDoor();
      const event = anEvent();

      await send(event);
      jest.setSystemTime(acceptedAtMs + 10 * hourMs);
      await send(event);

      expect(resetIds).toEqual(['reset-1', 'reset-1']);
    });

    it('as another reset when it has another id', async () => {
      const { send, resetIds } = aDoor();

      await send(anEvent(), { id: 'msg_1' });
      await send(anEvent(), { id: 'msg_2' });

      expect(resetIds).toEqual(['reset-1', 'reset-2']);
    });

    it('not when it says something else', async () => {
      const { send, resetIds } = aDoor();
      await send(anEvent());
      const { data, ...event } = anEvent();

      const answer = await send({ ...event, data: { ...data, forceChangePassword: false } });

      expectRefusal(answer, { status: 409, code: 'IdempotencyConflict' });
      expect(resetIds).toEqual(['reset-1']);
    });

    it('never when it is too old to be known', async () => {
      const { send, resetIds } = aDoor();
      const event = anEvent();
      await send(event);

      // As long as the key is kept, and right after.
      for (const passedMs of [23 * hourMs + 1, 24 * hourMs - 1, 24 * hourMs, 72 * hourMs]) {
        jest.setSystemTime(acceptedAtMs + passedMs);
        expectRefusal(await send(event), {
          status: 400,
          code: 'InvalidRequest',
          target: 'timestamp',
        });
      }

      expect(resetIds).toEqual(['reset-1']);
    });
  });

  describe('looks at the time that the body names', () => {
    it.each<[WebhookScheme, number, number]>([
      ['standard', -23 * hourMs, 202],
      ['standard', -23 * hourMs - 1, 400],
      ['standard', 5 * minuteMs, 202],
      ['standard', 5 * minuteMs + 1, 400],
      ['hmac-sha256', -5 * minuteMs, 202],
      ['hmac-sha256', -5 * minuteMs - 1, 400],
      ['hmac-sha256', 5 * minuteMs, 202],
      ['hmac-sha256', 5 * minuteMs + 1, 400],
    ])('%s: %d ms from now is answered %d', async (scheme, offsetMs, status) => {
      const { send, orders } = aDoor({ scheme });
      const timestamp = new Date(acceptedAtMs + offsetMs).toISOString();

      const answer = await send({ ...anEvent(), timestamp });

      expect(answer.status).toBe(status);
      expect(orders).toHaveLength(status === 202 ? 1 : 0);
    });

    it('in whichever zone it is', async () => {
      const { send } = aDoor({ scheme: 'hmac-sha256' });

      const answer = await send({ ...anEvent(), timestamp: '2026-01-01T02:00:00+02:00' });

      expect(answer.status).toBe(202);
    });
  });

  describe('refuses, before anything is done,', () => {
    const bodyOf = (changes: object) => JSON.stringify({ ...anEvent(), ...changes });
    const dataOf = (changes: object) => bodyOf({ data: { ...anEvent().data, ...changes } });

    it.each<[string, string | Uint8Array, string | undefined]>([
      ['an empty body', '', undefined],
      ['what is not JSON', 'reset adele', undefined],
      ['half of a JSON text', '{"type":', undefined],
      ['null', 'null', undefined],
      ['a list', '[]', undefined],
      ['bytes that are not UTF-8', Buffer.from([0x22, 0xff, 0x22]), undefined],
      ['a field named twice', `{"type":"x",${bodyOf({}).slice(1)}`, undefined],
      ['no type', bodyOf({ type: undefined }), 'type'],
      ['an unknown type', bodyOf({ type: 'password-reset.completed' }), 'type'],
      ['a type in capitals', bodyOf({ type: 'Password-Reset.Requested' }), 'type'],
      ['no time', bodyOf({ timestamp: undefined }), 'timestamp'],
      ['a time in seconds', bodyOf({ timestamp: acceptedAtMs / 1000 }), 'timestamp'],
      ['a time without a zone', bodyOf({ timestamp: '2026-01-01T00:00:00' }), 'timestamp'],
      ['a day for a time', bodyOf({ timestamp: '2026-01-01' }), 'timestamp'],
      ['no data', bodyOf({ data: undefined }), 'data'],
      ['an unknown field', bodyOf({ id: 'msg_1' }), 'id'],
      ['an unknown field in the data', dataOf({ passwrod: canary }), 'data.passwrod'],
      ['a password', dataOf({ password: canary }), 'data.password'],
      ['a password that is null', dataOf({ password: null }), 'data.password'],
      ['no customer', dataOf({ customer: undefined }), 'data.customer'],
      ['a user that is none', dataOf({ user: '..' }), 'data.user'],
      ['an unknown delivery', dataOf({ delivery: 'mail' }), 'data.delivery'],
      ['the delivery into the answer', dataOf({ delivery: 'response' }), 'data.delivery'],
      ['a key for another delivery', dataOf({ recipientKeyId: 'k' }), 'data.recipientKeyId'],
    ])('a signed body: %s', async (_what, body, target) => {
      const { sendBody, orders } = aDoor({ scheme: 'hmac-sha256' });

      const answer = await sendBody(body);

      const refusal = { status: 400, code: 'InvalidRequest' } as const;
      expectRefusal(answer, { ...refusal, ...(target !== undefined && { target }) });
      expect(answer.text + JSON.stringify(answer.logged)).not.toContain(canary);
      expect(orders).toEqual([]);
    });

    it('bytes that are not UTF-8 in the place of the character that stands for such', async () => {
      const { call: callDoor, orders } = aDoor();
      const signed = bodyOf({ data: { ...anEvent().data, reference: '\ufffd' } });
      const [start = '', end = ''] = signed.split('\ufffd');
      const body = Buffer.concat([Buffer.from(start), Buffer.from([0xff]), Buffer.from(end)]);

      const answer = await callDoor({ body, headers: standardHeaders({ secret, body: signed }) });

      expectRefusal(answer, { status: 400, code: 'InvalidRequest' });
      expect(orders).toEqual([]);
    });

    it.each([
      ['larger than 1 MiB', 413, 'RequestTooLarge', { body: 'x'.repeat(1_048_577), headers: {} }],
      [
        'compressed',
        415,
        'UnsupportedMediaType',
        { body: gzipSync('{}'), headers: { 'content-encoding': 'gzip' } },
      ],
      [
        'of another type',
        415,
        'UnsupportedMediaType',
        { body: '{}', headers: { 'content-type': 'application/x-www-form-urlencoded' } },
      ],
    ] as const)('a body that is %s, signed or not', async (_what, status, code, request) => {
      const { call: callDoor, orders } = aDoor();
      const signature = standardHeaders({ secret, body: request.body });

      for (const headers of [signature, {}]) {
        const answer = await callDoor({ ...request, headers: { ...request.headers, ...headers } });
        expectRefusal(answer, { status, code });
      }
      expect(orders).toEqual([]);
    });

    it('a source that may not reset', async () => {
      const { send } = aDoor({ failure: new ResetError('PermissionDenied', 'lacks reset') });

      expectRefusal(await send(anEvent()), { status: 403, code: 'PermissionDenied' });
    });

    it('a delivery that the source may not use', async () => {
      const { send, orders } = aDoor({ deliveries: ['link'] });

      expectRefusal(await send(anEvent()), {
        status: 403,
        code: 'PermissionDenied',
        message: 'The caller ticket-system may not use the delivery none',
      });
      expect(orders).toEqual([]);
    });
  });

  describe('tells whoever cannot sign nothing, and whoever runs the service why:', () => {
    const body = JSON.stringify(anEvent());
    const signedBy = (key: string) => standardHeaders({ secret: key, body, atMs: acceptedAtMs });
    const notJson = 'not JSON';

    it.each<[string, DoorValues, SentValues, string]>([
      ['a wrong secret', {}, { headers: signedBy(otherSecret) }, 'No matching signature found'],
      [
        'a secret that was taken out',
        { secrets: [otherSecret] },
        {},
        'No matching signature found',
      ],
      ['no secret stored', { secrets: [] }, {}, 'Key Vault holds no usable secret for this source'],
      ['an unknown source', {}, { source: 'flow' }, 'unknown source'],
      [
        'a caller without a webhook',
        {},
        { source: 'helpdesk' },
        'the caller is listed without a webhook',
      ],
      ['no headers', {}, { headers: {} }, 'webhook-id is missing or malformed'],
      [
        'no headers, in front of a body that is not JSON',
        {},
        { headers: {}, body: notJson },
        'webhook-id is missing or malformed',
      ],
      [
        'an API key',
        {},
        { headers: { 'x-api-key': canary, 'x-functions-key': canary } },
        'webhook-id is missing or malformed',
      ],
    ])('%s', async (_what, values, sent, reason) => {
      const { call: callDoor, orders } = aDoor(values);
      const headers = { ...signedBy(secret), ...sent.headers };
      const source = sent.source ?? 'ticket-system';

      const answer = await callDoor({
        body: sent.body ?? body,
        headers: sent.headers ?? headers,
        params: { source },
      });

      expectRefusal(answer, {
        status: 401,
        code: 'Unauthorized',
        message: 'No such source of webhooks, or not its signature',
      });
      expect(withoutLog(answer)).toEqual(withoutLog(await aForgery()));
      expect(answer.logged).toContainEqual({
        level: 'warning',
        args: ['webhook refused', { reason, source }],
      });
      expect(orders).toEqual([]);
    });

    it.each(['adele@contoso.com', '', 'Ticket-System', 'a/b', 'x'.repeat(64), '__proto__'])(
      'a source %j, which is no name and is not repeated',
      async (source) => {
        const { call: callDoor } = aDoor();

        const answer = await callDoor({ body, headers: signedBy(secret), params: { source } });

        expect(withoutLog(answer)).toEqual(withoutLog(await aForgery()));
        expect(answer.logged).toContainEqual({
          level: 'warning',
          args: ['webhook refused', { reason: 'unknown source' }],
        });
      },
    );

    // The sender is to try again; a 401 would have it give up.
    it('a secret that cannot be read for now, which does not name the source', async () => {
      const message = 'Cannot read secret webhook-ticket-system: Key Vault did not answer';
      const { send } = aDoor({ secrets: new ResetError('KeyVaultUnavailable', message) });

      const answer = await send(anEvent());

      expectRefusal(answer, {
        status: 503,
        code: 'KeyVaultUnavailable',
        message: 'Key Vault cannot be reached',
      });
      expect(answer.logged).toContainEqual({
        level: 'warning',
        args: ['caller not identified', { code: 'KeyVaultUnavailable', message }],
      });
    });

    const aForgery = () => aDoor().call({ body, headers: signedBy(otherSecret) });
  });
});

describe('the audit of a webhook', () => {
  it('is told of what a source is refused, as of any caller', async () => {
    const { send, audit } = aDoor({ failure: new ResetError('CustomerNotFound', 'No') });

    await send(anEvent());

    expect(audit.events).toMatchObject([
      { action: 'request.refused', caller: 'ticket-system', code: 'CustomerNotFound' },
    ]);
  });

  it('is told nothing of what cannot be shown to come from the source', async () => {
    const { call: callDoor, audit } = aDoor();
    const body = JSON.stringify(anEvent());

    await callDoor({ body, headers: standardHeaders({ secret: otherSecret, body, id: 'msg_1' }) });

    expect(audit.events).toEqual([]);
  });
});

interface DoorValues {
  readonly scheme?: WebhookScheme;
  readonly deliveries?: readonly Delivery[];
  /** Those stored for the source, or why they cannot be read. */
  readonly secrets?: readonly string[] | ResetError;
  readonly row?: ResetRow;
  /** What accepting a reset rejects with. */
  readonly failure?: ResetError;
}

interface SentValues {
  readonly source?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
}

/** The door of a ticket system, and the orders that came through it. */
function aDoor(values: DoorValues = {}) {
  const { scheme = 'standard', row = reset, failure } = values;
  const { secrets = [secret], deliveries = ['link', 'none'] } = values;
  const caller = aCaller({ name: 'ticket-system', deliveries: new Set(deliveries) });
  const audit = new FakeAudit();
  const orders: PasswordResetOrder[] = [];
  const resetIds: string[] = [];
  const claim = createClaimIdempotencyKey({
    keys: new FakeIdempotencyKeys({ now: Date.now }),
    fingerprints: createFingerprints({ keys: new FakeSealingKeys(), purpose: 'fingerprint' }),
    now: Date.now,
  });
  const handler = createWebhookHandler({
    door: createHttpDoor({ budgetMs: 25_000 }),
    readCallerList: () =>
      Promise.resolve(
        aCallerList([caller, aCaller()], {
          findWebhookSource: (name) => (name === caller.name ? { caller, scheme } : undefined),
        }),
      ),
    webhookSecrets: () =>
      secrets instanceof ResetError
        ? Promise.reject(secrets)
        : Promise.resolve(secrets.map((text) => new Secret(text))),
    takePasswordReset: createTakePasswordReset({
      acceptPasswordReset: async (order, signal) => {
        if (failure !== undefined) throw failure;
        orders.push(order);
        resetIds.push(await claim(order, `reset-${new Set(resetIds).size + 1}`, signal));
        return { row, password: new Secret(canary) };
      },
    }),
    noteRefusals: createNoteRefusals(audit),
    links: createPasswordResetLinks('https://resets.example'),
    now: Date.now,
  });
  const callDoor = (request: {
    readonly body: string | Uint8Array;
    readonly headers: Record<string, string>;
    readonly params?: Record<string, string>;
  }) => call(handler, { params: { source: 'ticket-system' }, ...request });
  const sendBody = (body: string | Uint8Array, { id = 'msg_1' } = {}) => {
    const sign = scheme === 'standard' ? standardHeaders : hmacHeaders;
    return callDoor({ body, headers: sign({ secret, body, id }) });
  };
  const send = (event: object, options: { readonly id?: string } = {}) =>
    sendBody(JSON.stringify(event), options);
  return { call: callDoor, send, sendBody, audit, orders, resetIds };
}

function anEvent() {
  return {
    type: 'password-reset.requested',
    timestamp: new Date(acceptedAtMs).toISOString(),
    data: { customer: customerTenantId, user: userId, delivery: 'none' },
  };
}

function withoutLog({ status, headers, text }: Answer) {
  return { status, headers, text };
}
