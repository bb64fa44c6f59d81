import { describe, expect, it } from '@jest/globals';
import { toApprover } from '../../../shared/callers/approver.js';
import type { Caller } from '../../../shared/callers/caller.js';
import { aCaller } from '../../builders/a-caller.js';
import { aCallerList } from '../../builders/a-caller-list.js';
import { anotherCustomerTenantId, customerTenantId } from '../../builders/a-reset-row.js';

const { signal } = new AbortController();
const ada = '11111111-1111-4111-8111-111111111111';
const bob = '22222222-2222-4222-8222-222222222222';
const all = { customers: 'all' } as const;

describe('toApprover()', () => {
  it.each<[string, string, string, boolean]>([
    ['another caller', 'supervisor', 'helpdesk', true],
    ['itself', 'helpdesk', 'helpdesk', false],
    ['another person of the same caller', `helpdesk/${ada}`, `helpdesk/${bob}`, true],
    ['the same person', `helpdesk/${ada}`, `helpdesk/${ada}`, false],
    ['the same person through another caller', `supervisor/${ada}`, `helpdesk/${ada}`, false],
    ['the application of its own caller', `helpdesk/${ada}`, 'helpdesk', false],
    ['a person, as the application of the same caller', 'helpdesk', `helpdesk/${ada}`, false],
    ['a person of another caller', 'supervisor', `helpdesk/${ada}`, true],
  ])('approves for %s: %s for %s is %s', async (_what, approver, owner, expected) => {
    const owners = [aCaller({ name: owner, ...all })];

    expect(await mayApprove(aCaller({ name: approver, ...all }), owner, owners)).toBe(expected);
  });

  it.each<[string, string, string[], string, string[], boolean]>([
    ['with a key that the approver may hold', `boss/${ada}`, [ada], 'helpdesk', [bob, ada], false],
    [
      'when the approver has a key that the owner may hold',
      'boss',
      [ada],
      `desk/${ada}`,
      [],
      false,
    ],
    ['with a key of others', `boss/${ada}`, [ada], 'helpdesk', [bob], true],
    ['when the approver has a key of others', 'boss', [bob], `desk/${ada}`, [ada], true],
    [
      'of another person whose entry names the approver',
      `boss/${ada}`,
      [],
      `desk/${bob}`,
      [ada],
      true,
    ],
    [
      'with a key when the approver has one, too: nobody is told apart',
      'boss',
      [ada],
      'helpdesk',
      [ada],
      true,
    ],
  ])('approves for who asked %s: %s %j for %s %j is %s', async (_what, ...values) => {
    const [approver, people, owner, ownersPeople, expected] = values;
    const owners = [aCaller({ name: owner, people: new Set(ownersPeople), ...all })];

    expect(
      await mayApprove(aCaller({ name: approver, people: new Set(people), ...all }), owner, owners),
    ).toBe(expected);
  });

  it('approves for nobody who is not listed', async () => {
    expect(await mayApprove(aCaller({ name: 'supervisor', ...all }), 'helpdesk', [])).toBe(false);
  });

  const one = new Set([customerTenantId]);
  const both = new Set([customerTenantId, anotherCustomerTenantId]);

  it.each<[string, Caller['customers'], Caller['customers'], boolean]>([
    ['the same customers', one, one, true],
    ['more customers', both, one, true],
    ['all customers', 'all', both, true],
    ['all customers, as does the other', 'all', 'all', true],
    ['fewer customers', one, both, false],
    ['some customers where the other may touch all', both, 'all', false],
  ])('who may touch %s', async (_what, theirs, owners, expected) => {
    const owner = aCaller({ customers: owners });

    expect(
      await mayApprove(aCaller({ name: 'boss', customers: theirs }), 'helpdesk', [owner]),
    ).toBe(expected);
  });
});

function mayApprove(approver: Caller, owner: string, listed: readonly Caller[]): Promise<boolean> {
  const readCallerList = () => Promise.resolve(aCallerList(listed));
  return toApprover(approver, readCallerList).mayApproveFor(owner, signal);
}
