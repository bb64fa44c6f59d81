import { describe, expect, it } from '@jest/globals';
import { createFingerprints } from '../../../shared/delivery/fingerprints.js';
import { createClaimIdempotencyKey } from '../../../shared/password-reset/claim-idempotency-key.js';
import type { CustomerDomain, UserId } from '../../../shared/password-reset/ids.js';
import type { PasswordResetOrder } from '../../../shared/password-reset/password-reset-order.js';
import { ResetError } from '../../../shared/password-reset/reset-error.js';
import { Secret } from '../../../shared/platform/secret.js';
import { anotherCustomerTenantId, customerTenantId, userId } from '../../builders/a-reset-row.js';
import { FakeClock } from '../../fakes/fake-clock.js';
import { FakeIdempotencyKeys } from '../../fakes/fake-idempotency-keys.js';
import { FakeSealingKeys } from '../../fakes/fake-sealing-keys.js';

const { signal } = new AbortController();
const dayMs = 24 * 3_600_000;

/** Without a key, and without a chosen password. */
const aGeneratedOrder: PasswordResetOrder = {
  caller: 'helpdesk',
  customer: { kind: 'id', customerTenantId },
  user: { kind: 'id', userId },
  forceChangePassword: true,
  delivery: 'response',
  reference: 'INC-7',
};

describe('createClaimIdempotencyKey()', () => {
  it('gives the new id to an order without a key, and keeps nothing', async () => {
    const { claim, keys } = desk();
    keys.failure = new ResetError('StorageUnavailable', 'Cannot read a key');

    expect(await claim(aGeneratedOrder, 'reset-1')).toBe('reset-1');
    expect(await claim(aGeneratedOrder, 'reset-2')).toBe('reset-2');
  });

  it('gives the new id to the first order with a key', async () => {
    const { claim } = desk();

    expect(await claim(anOrder(), 'reset-1')).toBe('reset-1');
  });

  it('gives the first id to the same order with the same key', async () => {
    const { claim } = desk();
    await claim(anOrder(), 'reset-1');

    expect(await claim(anOrder(), 'reset-2')).toBe('reset-1');
    expect(await claim(anOrder(), 'reset-3')).toBe('reset-1');
  });

  it('gives the first id to the same order in another call', async () => {
    const { claim } = desk();
    await claim(anOrder({ requestId: 'call-1' }), 'reset-1');

    expect(await claim(anOrder({ requestId: 'call-2' }), 'reset-2')).toBe('reset-1');
  });

  it('gives one id to fifty equal orders at once', async () => {
    const { claim } = desk();

    const ids = await Promise.all(
      Array.from({ length: 50 }, (_, index) => claim(anOrder(), `reset-${index}`)),
    );

    expect(new Set(ids).size).toBe(1);
  });

  it.each([
    ['customer', { customer: { kind: 'id', customerTenantId: anotherCustomerTenantId } }],
    ['customer, by domain', { customer: { kind: 'domain', domain: domain('contoso.com') } }],
    ['user', { user: { kind: 'id', userId: userOf(anotherCustomerTenantId) } }],
    ['chosen password', { password: new Secret('Another-1234') }],
    ['need to change it', { forceChangePassword: false }],
    ['delivery', { delivery: 'none' }],
    ['reference', { reference: 'INC-8' }],
  ] satisfies [string, Partial<PasswordResetOrder>][])(
    'is a conflict when the order has another %s',
    async (_what, values) => {
      const { claim } = desk();
      await claim(anOrder(), 'reset-1');

      await expect(claim(anOrder(values), 'reset-2')).rejects.toMatchObject({
        code: 'IdempotencyConflict',
      });
      expect(await claim(anOrder(), 'reset-3')).toBe('reset-1');
    },
  );

  it('is a conflict when a password is chosen in one order and not in the other', async () => {
    const { claim } = desk();
    const order = { ...aGeneratedOrder, idempotencyKey: 'key-1' };
    await claim(order, 'reset-1');

    const chosen = { ...order, password: new Secret('Chosen-1234') };
    await expect(claim(chosen, 'reset-2')).rejects.toMatchObject({
      code: 'IdempotencyConflict',
    });
  });

  it.each([
    ['another key', { idempotencyKey: 'key-2' }],
    ['the same key of another caller', { caller: 'flow' }],
  ])('gives the new id to %s', async (_what, values) => {
    const { claim } = desk();
    await claim(anOrder(), 'reset-1');

    expect(await claim(anOrder(values), 'reset-2')).toBe('reset-2');
  });

  it('gives the new id once the key is forgotten, after a day', async () => {
    const { claim, clock } = desk();
    await claim(anOrder(), 'reset-1');

    clock.pass(dayMs - 1);
    expect(await claim(anOrder(), 'reset-2')).toBe('reset-1');
    clock.pass(1);
    expect(await claim(anOrder(), 'reset-3')).toBe('reset-3');
  });

  it('knows the order again after the sealing key was rotated', async () => {
    const { claim, sealingKeys } = desk();
    await claim(anOrder(), 'reset-1');
    sealingKeys.rotate();

    expect(await claim(anOrder(), 'reset-2')).toBe('reset-1');
  });

  it('keeps neither the password nor anything else of the order that could be guessed', async () => {
    const { claim, keys } = desk();
    const kept: string[] = [];
    const createOrRead = keys.createOrRead.bind(keys);
    keys.createOrRead = (key, entry) => {
      kept.push(JSON.stringify([key, entry]));
      return createOrRead(key, entry);
    };

    await claim(anOrder(), 'reset-1');

    expect(kept).toHaveLength(1);
    expect(kept[0]).not.toMatch(/Chosen-1234|INC-7/);
    expect(kept[0]).not.toContain(userId);
  });

  it('rejects while storage does not answer: nobody knows what the key stands for', async () => {
    const { claim, keys } = desk();
    keys.failure = new ResetError('StorageUnavailable', 'Cannot read a key');

    await expect(claim(anOrder(), 'reset-1')).rejects.toBe(keys.failure);
  });
});

function desk() {
  const clock = new FakeClock();
  const { now } = clock;
  const keys = new FakeIdempotencyKeys({ now });
  const sealingKeys = new FakeSealingKeys();
  const fingerprints = createFingerprints({ keys: sealingKeys, purpose: 'fingerprint' });
  const claimIdempotencyKey = createClaimIdempotencyKey({ keys, fingerprints, now });
  const claim = (order: PasswordResetOrder, newResetId: string) =>
    claimIdempotencyKey(order, newResetId, signal);
  return { claim, clock, keys, sealingKeys };
}

function anOrder(values: Partial<PasswordResetOrder> = {}): PasswordResetOrder {
  const password = new Secret('Chosen-1234');
  return { ...aGeneratedOrder, password, idempotencyKey: 'key-1', ...values };
}

function domain(text: string): CustomerDomain {
  return text as CustomerDomain;
}

function userOf(guid: string): UserId {
  return guid as UserId;
}
