import { describe, expect, it } from '@jest/globals';
import { createHmac, hkdfSync } from 'node:crypto';
import { appendTo, chainName, parseLine } from '../../../shared/audit/chain.js';
import { customerTenantId, userId } from '../../builders/a-reset-row.js';
import { anEvent } from '../../builders/an-audit.js';
import { FakeSealingKeys } from '../../fakes/fake-sealing-keys.js';

const keys = new FakeSealingKeys();
const at = '2026-01-01T09:30:00.000Z';

describe('chainName()', () => {
  it.each([
    ['the customer', customerTenantId, `${customerTenantId}/2026-01-01`],
    ['nobody', undefined, 'no-customer/2026-01-01'],
  ])('tells the chain of %s and the day', (_, customer, expected) => {
    expect(chainName(customer, '2026-01-01')).toBe(expected);
  });
});

describe('appendTo()', () => {
  it('says what happened, when, and under which key', async () => {
    const event = anEvent({ caller: 'helpdesk', userId, attempt: 2, code: 'Throttled' });

    const { text, end } = appendTo('chain', undefined, [{ id: 'a', at, event }], await newest());

    expect(JSON.parse(text)).toEqual({
      seq: 1,
      id: 'a',
      at,
      key: 'version-1',
      action: 'reset.applied',
      caller: 'helpdesk',
      customerTenantId,
      userId,
      resetId: 'reset-7',
      attempt: 2,
      code: 'Throttled',
      hash: end.hash,
    });
    expect(text.indexOf('\n')).toBe(text.length - 1);
  });

  it('takes nothing over that is no field of an event', async () => {
    const event = { ...anEvent(), userPrincipalName: 'adele@contoso.com', password: 'Xq7!' };

    const { text } = appendTo('chain', undefined, [{ id: 'a', at, event }], await newest());

    expect(text).not.toMatch(/adele|Xq7/);
  });

  it('counts on and hashes on from the end', async () => {
    const key = await newest();
    const entries = ['a', 'b', 'c'].map((id) => ({ id, at, event: anEvent() }));

    const together = appendTo('chain', undefined, entries, key);
    const first = appendTo('chain', undefined, entries.slice(0, 1), key);
    const rest = appendTo('chain', first.end, entries.slice(1), key);

    expect(first.text + rest.text).toBe(together.text);
    expect(rest.end).toEqual(together.end);
    expect(together.end.seq).toBe(3);
  });

  // A verifier of another make must come to the same: the format may not change unnoticed.
  it('hashes the text of a record after the hash before it, under a key made for that alone', async () => {
    const key = await new FakeSealingKeys().newest();
    const macKey = new Uint8Array(hkdfSync('sha256', key.key, '', 'audit', 32));
    const hashOf = (text: string) => createHmac('sha256', macKey).update(text).digest('base64url');
    const entries = ['a', 'b'].map((id) => ({ id, at, event: anEvent() }));

    const { text } = appendTo('chain', undefined, entries, key);

    const [one = '', two = ''] = text.split('\n');
    const [bodyOfOne, bodyOfTwo] = [one, two].map((line) => line.replace(/,"hash":".*"/, ''));
    const hashOfOne = hashOf(`${hashOf('chain')}\n${bodyOfOne}`);
    expect(JSON.parse(one)).toMatchObject({ hash: hashOfOne });
    expect(JSON.parse(two)).toMatchObject({ hash: hashOf(`${hashOfOne}\n${bodyOfTwo}`) });
  });

  it('gives the same record another hash in another chain', async () => {
    const entries = [{ id: 'a', at, event: anEvent() }];

    const [one, other] = ['one', 'other'].map(async (chain) =>
      appendTo(chain, undefined, entries, await newest()),
    );

    expect((await one)?.end.hash).not.toBe((await other)?.end.hash);
  });
});

describe('parseLine()', () => {
  it.each([
    ['nothing', ''],
    ['no JSON', 'garbage'],
    ['no JSON before a hash', `{garbage,"hash":"${'a'.repeat(43)}"}`],
    ['no hash', '{"seq":1,"key":"v"}'],
    ['a hash that is too short', '{"seq":1,"key":"v","hash":"abc"}'],
    ['something after the hash', `{"seq":1,"key":"v","hash":"${'a'.repeat(43)}"} `],
    ['no number', `{"key":"v","hash":"${'a'.repeat(43)}"}`],
    ['half a number', `{"seq":1.5,"key":"v","hash":"${'a'.repeat(43)}"}`],
    ['no key', `{"seq":1,"hash":"${'a'.repeat(43)}"}`],
  ])('knows no record in %s', (_, line) => {
    expect(parseLine(line)).toBeUndefined();
  });
});

function newest() {
  return keys.newest();
}
