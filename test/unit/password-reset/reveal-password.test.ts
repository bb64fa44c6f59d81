import { describe, expect, it } from '@jest/globals';
import { createEnvelopes } from '../../../shared/delivery/envelopes.js';
import { createSeals } from '../../../shared/delivery/seal.js';
import type { UserId } from '../../../shared/password-reset/ids.js';
import { createIsSuperseded } from '../../../shared/password-reset/is-superseded.js';
import type { SealedRequest } from '../../../shared/password-reset/ports.js';
import { ResetError } from '../../../shared/password-reset/reset-error.js';
import {
  defaultLimits,
  type ResetRow,
  withoutPassword,
} from '../../../shared/password-reset/reset-row.js';
import { createRevealPassword } from '../../../shared/password-reset/reveal-password.js';
import {
  acceptedAtMs,
  anotherCustomerTenantId,
  aResetRow,
  customerTenantId,
  userId,
} from '../../builders/a-reset-row.js';
import { aSealedRequest } from '../../builders/a-sealed-request.js';
import { FakeClock } from '../../fakes/fake-clock.js';
import { FakeResetStore } from '../../fakes/fake-reset-store.js';
import { aRevealToken, fakeRevealLinks } from '../../fakes/fake-reveal-links.js';
import { FakeSealingKeys } from '../../fakes/fake-sealing-keys.js';
import { FakeUserLocks } from '../../fakes/fake-user-locks.js';
import { FakeAudit } from '../../fakes/fake-audit.js';

const { signal } = new AbortController();
const linkExpiresMs = 3_600_000;
const anotherUserId = '5d2f7c10-8f0a-4b6d-a9a3-1c2e3f4a5b07' as UserId;
const requestId = 'the call that opens';
const { settleMs } = defaultLimits;
const applied = aResetRow({ state: 'applied', delivery: 'link', userId });
const { resetId, settledAtMs } = applied;
const unavailable = new ResetError('StorageUnavailable', 'Cannot change a row');

describe('look()', () => {
  it('says until when a link can be opened, and changes nothing', async () => {
    const { look, resets } = await aLink();
    const [before] = resets.rows;

    const states = [await look(), await look(), await look()];

    const ready = { kind: 'ready', resetId, expiresAtMs: settledAtMs + linkExpiresMs };
    expect(states).toEqual([ready, ready, ready]);
    expect(resets.rows).toEqual([before]);
  });
});

describe('open()', () => {
  it('tells the audit before the password is gone from the row', async () => {
    const { look, open, audit } = await aLink();

    await look();
    expect(audit.events).toEqual([]);
    await open();
    await open();

    expect(audit.events).toMatchObject([
      {
        action: 'password.revealed',
        resetId,
        customerTenantId,
        userId,
        delivery: 'link',
        requestId,
      },
    ]);
    expect(audit.events[0]?.caller).toBeUndefined();
  });

  describe('when it takes long to tell the audit', () => {
    it.each<[string, (link: Awaited<ReturnType<typeof aLink>>) => void, object]>([
      [
        'the caller revokes the password',
        ({ resets }) => resets.overwrite({ ...applied, revokedAtMs: 7 }),
        { kind: 'revoked', atMs: 7 },
      ],
      [
        'the caller acknowledges the job',
        ({ withdrawAt }) => withdrawAt(7),
        { kind: 'revoked', atMs: 7 },
      ],
      [
        'a newer reset begins',
        ({ locks }) => locks.overwrite({ customerTenantId, userId }, 'reset-of-the-newer'),
        { kind: 'superseded' },
      ],
      ['the link expires', ({ clock }) => clock.pass(linkExpiresMs), { kind: 'expired' }],
    ])('shows nothing if %s meanwhile, and opens nothing', async (_what, happen, expected) => {
      const link = await aLink();
      link.audit.onCall = () => happen(link);

      expect(await link.open()).toEqual(expected);

      expect(link.resets.row(resetId)).not.toHaveProperty('openedAtMs');
    });
  });

  it('opens nothing that could not be told, so that it can be opened later', async () => {
    const { open, audit } = await aLink();
    audit.failure = unavailable;
    await expect(open()).rejects.toBe(unavailable);

    audit.failure = undefined;
    expect(await open()).toMatchObject({ kind: 'password' });
  });

  it('gives the password, and removes it from the row in the same step', async () => {
    const { open, resets, request, clock } = await aLink();

    expect(await open()).toEqual({
      kind: 'password',
      resetId,
      password: request.passwordProfile.password,
      forceChangePassword: true,
    });
    expect(resets.row(resetId)).toEqual({
      ...withoutPassword(applied),
      openedAtMs: clock.nowMs,
      openingId: 'opening-1',
    });
  });

  it('gives it once', async () => {
    const { open, clock } = await aLink();
    const openedAtMs = clock.nowMs;
    await open();
    clock.pass(60_000);

    expect(await open()).toEqual({ kind: 'opened', atMs: openedAtMs });
  });

  it('gives it to one of those who open it at the same time', async () => {
    const { open, clock } = await aLink();

    const opened = await Promise.all(Array.from({ length: 8 }, open));

    expect(opened.map(({ kind }) => kind).sort()).toEqual([
      ...Array.from({ length: 7 }, () => 'opened'),
      'password',
    ]);
    expect(opened).toContainEqual({ kind: 'opened', atMs: clock.nowMs });
  });

  it('gives it when the answer to the write is lost but the write was made', async () => {
    const { open, resets } = await aLink();
    resets.lostAnswers = { replace: unavailable };

    expect(await open()).toMatchObject({ kind: 'password' });
  });

  it('gives it when the write collides with itself', async () => {
    const { open, resets } = await aLink();
    const replace = resets.replace.bind(resets);
    resets.replace = async (row, etag) => {
      await replace(row, etag);
      return replace(row, etag);
    };

    expect(await open()).toMatchObject({ kind: 'password' });
  });

  it('gives nothing when the write was not made', async () => {
    const { open, resets } = await aLink();
    resets.failures.replace = unavailable;

    await expect(open()).rejects.toBe(unavailable);
    delete resets.failures.replace;
    expect(await open()).toMatchObject({ kind: 'password' });
  });

  it('gives nothing when nobody knows whether the write was made', async () => {
    const { open, resets } = await aLink();
    const replace = resets.replace.bind(resets);
    resets.replace = async (row, etag) => {
      await replace(row, etag);
      resets.failures.read = unavailable;
      throw unavailable;
    };

    await expect(open()).rejects.toBe(unavailable);
    delete resets.failures.read;
    expect(await open()).toMatchObject({ kind: 'opened' });
  });

  it('gives nothing when a mistake of ours comes in between', async () => {
    const { open, resets } = await aLink();
    const mistake = new TypeError('a mistake');
    resets.failures.replace = mistake;

    await expect(open()).rejects.toBe(mistake);
  });

  it.each<[string, object, object]>([
    ['revoked it', { revokedAtMs: 7 }, { kind: 'revoked', atMs: 7 }],
    ['purged it', {}, { kind: 'expired' }],
    ['opened it', { openedAtMs: 7, openingId: 'opening-of-another' }, { kind: 'opened', atMs: 7 }],
  ])('says what the row says when somebody %s meanwhile', async (_what, values, expected) => {
    const { open, resets } = await aLink();
    const replace = resets.replace.bind(resets);
    resets.replace = (row, etag) => {
      resets.overwrite({ ...applied, ...values });
      return replace(row, etag);
    };

    expect(await open()).toEqual(expected);
  });

  it('is to be repeated when somebody changed the row but left the password', async () => {
    const { open, resets } = await aLink();
    const replace = resets.replace.bind(resets);
    resets.replace = (row, etag) => {
      resets.replace = replace;
      resets.overwrite(resets.row(resetId));
      return replace(row, etag);
    };

    expect(await open()).toMatchObject({ kind: 'ready' });
    expect(await open()).toMatchObject({ kind: 'password' });
  });
});

describe.each(['look', 'open'] as const)('%s()', (operation) => {
  it.each([
    ['of another shape', ''],
    ['of a reset that there is not', aRevealToken('reset-of-nobody')],
    ['that is forged', `${resetId}.forged`],
  ])('knows no token %s', async (_what, token) => {
    const { reveal } = await aLink();

    expect(await reveal[operation](token, signal)).toEqual({ kind: 'unknown' });
  });

  it('has no token checked of a reset that there is not', async () => {
    const { reveal } = await aLink({ isGenuine: () => Promise.reject(new Error('was asked')) });

    expect(await reveal[operation](aRevealToken('reset-of-nobody'), signal)).toEqual({
      kind: 'unknown',
    });
  });

  it.each<[string, ResetRow, object]>([
    ['waits', aResetRow({ delivery: 'link' }), { kind: 'notYet' }],
    ['is claimed', aResetRow({ state: 'claimed', delivery: 'link' }), { kind: 'notYet' }],
    ['is uncertain', aResetRow({ state: 'uncertain', delivery: 'link' }), { kind: 'notYet' }],
    ['was rejected', aResetRow({ state: 'rejected', delivery: 'link' }), { kind: 'failed' }],
    ['was cancelled', aResetRow({ state: 'cancelled', delivery: 'link' }), { kind: 'failed' }],
    ['wants attention', aResetRow({ state: 'attention', delivery: 'link' }), { kind: 'failed' }],
    ['was opened', { ...applied, openedAtMs: 7, openingId: 'x' }, { kind: 'opened', atMs: 7 }],
    ['was revoked', { ...applied, revokedAtMs: 7 }, { kind: 'revoked', atMs: 7 }],
    [
      'was revoked after it was opened',
      { ...applied, openedAtMs: 6, revokedAtMs: 7 },
      { kind: 'opened', atMs: 6 },
    ],
    ['was purged', applied, { kind: 'expired' }],
  ])('shows no password of a reset that %s', async (_what, row, expected) => {
    const { reveal, resets } = await aLink();
    resets.overwrite(row);

    expect(await reveal[operation](aRevealToken(resetId), signal)).toEqual(expected);
    expect(resets.row(resetId)).toEqual(row);
  });

  it.each([
    ['just before it expires', linkExpiresMs - 1, ['ready', 'password']],
    ['when it has expired', linkExpiresMs, ['expired']],
  ])('%s', async (_when, ageMs, kinds) => {
    const { reveal, clock } = await aLink();
    clock.nowMs = settledAtMs + ageMs;

    const { kind } = await reveal[operation](aRevealToken(resetId), signal);

    expect(kinds).toContain(kind);
  });

  it.each([
    ['just before it is certain', settleMs - 1, ['settling']],
    ['when it is certain', settleMs, ['ready', 'password']],
  ])('%s that no earlier attempt arrives', async (_when, afterMs, kinds) => {
    const { reveal, clock } = await aLink({ row: { ...applied, unknownAtMs: acceptedAtMs } });
    clock.nowMs = acceptedAtMs + afterMs;

    const { kind } = await reveal[operation](aRevealToken(resetId), signal);

    expect(kinds).toContain(kind);
  });

  it('says from when on it is certain', async () => {
    const { reveal } = await aLink({ row: { ...applied, unknownAtMs: acceptedAtMs } });

    expect(await reveal[operation](aRevealToken(resetId), signal)).toEqual({
      kind: 'settling',
      untilMs: acceptedAtMs + settleMs,
    });
  });

  it('shows nothing that a newer reset may have ended', async () => {
    const { reveal, resets, locks } = await aLink();
    const [before] = resets.rows;
    locks.overwrite({ customerTenantId, userId }, 'reset-of-the-newer');

    expect(await reveal[operation](aRevealToken(resetId), signal)).toEqual({ kind: 'superseded' });
    expect(resets.rows).toEqual([before]);
  });

  it.each<[string, Partial<ResetRow>]>([
    ['customer', { customerTenantId: anotherCustomerTenantId }],
    ['caller', { caller: 'somebody-else' }],
    ['user', { userId: anotherUserId }],
    ['reference', { reference: 'forged' }],
  ])(
    'shows nothing, and tells nobody, when somebody changed the %s of the row',
    async (_w, values) => {
      const { reveal, audit, resets } = await aLink({ row: { ...applied, ...values } as ResetRow });
      const [before] = resets.rows;

      expect(await reveal[operation](aRevealToken(resetId), signal)).toEqual({ kind: 'unknown' });
      expect(audit.events).toEqual([]);
      expect(resets.rows).toEqual([before]);
    },
  );

  it('opens no later reset that has the same id', async () => {
    const row = { ...applied, acceptedAtMs: acceptedAtMs + 1 };
    const request = aSealedRequest({ delivery: 'link', acceptedAtMs: acceptedAtMs + 1 });
    const { reveal } = await aLink({ row, request });

    expect(await reveal[operation](aRevealToken(resetId), signal)).toEqual({ kind: 'unknown' });
  });

  it('opens no later reset whose row was made to look like the earlier one', async () => {
    const request = aSealedRequest({ delivery: 'link', acceptedAtMs: acceptedAtMs + 1 });
    const { reveal } = await aLink({ request });

    expect(await reveal[operation](aRevealToken(resetId), signal)).toEqual({ kind: 'unknown' });
  });

  it('does not open a row that lies where that of another reset was', async () => {
    const { reveal, resets } = await aLink();
    const stored = await resets.read(resetId);
    resets.read = () => Promise.resolve(stored);

    expect(await reveal[operation](aRevealToken('reset-of-another'), signal)).toEqual({
      kind: 'unknown',
    });
  });

  it.each<[string, Partial<ResetRow>, Partial<SealedRequest>]>([
    ['the seal', {}, { delivery: 'response' }],
    ['the row', { delivery: 'response' }, {}],
    ['both', { delivery: 'response' }, { delivery: 'response' }],
  ])('shows nothing that has another delivery in %s', async (_where, values, sealed) => {
    const row = { ...applied, ...values } as ResetRow;
    const { reveal } = await aLink({
      row,
      request: aSealedRequest({ delivery: 'link', ...sealed }),
    });

    expect(await reveal[operation](aRevealToken(resetId), signal)).toEqual({ kind: 'unknown' });
  });

  it('shows nothing of a seal that was copied from another reset', async () => {
    const { reveal, resets } = await aLink();
    const copy = { ...resets.row(resetId), resetId: 'reset-of-another' };
    resets.overwrite(copy);

    expect(await reveal[operation](aRevealToken(copy.resetId), signal)).toEqual({
      kind: 'unknown',
    });
  });

  it('shows nothing of a job whose passwords were taken back', async () => {
    const { reveal } = await aLink({
      withdrawnAt: (id) => Promise.resolve(id === resetId ? 7 : 0),
    });

    expect(await reveal[operation](aRevealToken(resetId), signal)).toEqual({
      kind: 'revoked',
      atMs: 7,
    });
  });

  it('rejects when nobody knows whether there is a newer reset', async () => {
    const { reveal, locks } = await aLink();
    locks.failure = unavailable;

    await expect(reveal[operation](aRevealToken(resetId), signal)).rejects.toBe(unavailable);
  });
});

interface LinkValues {
  readonly row?: ResetRow;
  readonly request?: SealedRequest;
  readonly isGenuine?: () => Promise<boolean>;
  readonly withdrawnAt?: (id: string) => Promise<number | undefined>;
}

/** A link to a password that was set a moment ago. */
async function aLink(values: LinkValues = {}) {
  const { row = applied, request = aSealedRequest({ delivery: 'link' }) } = values;
  let withdrawnAtMs: number | undefined;
  const { isGenuine, withdrawnAt = () => Promise.resolve(withdrawnAtMs) } = values;
  const seals = createSeals({ envelopes: createEnvelopes({ keys: new FakeSealingKeys() }) });
  const seal = await seals.seal(resetId, request, signal);
  const resets = new FakeResetStore([{ ...row, seal } as ResetRow]);
  const locks = new FakeUserLocks();
  await locks.createOrRead({ customerTenantId, userId }, resetId);
  const clock = new FakeClock(acceptedAtMs + 2_000);
  const audit = new FakeAudit();
  let openings = 0;
  const revealPassword = createRevealPassword({
    links: { ...fakeRevealLinks, ...(isGenuine && { isGenuine }) },
    resets,
    seals,
    isSuperseded: createIsSuperseded({ locks, resets }),
    withdrawnAt,
    audit: audit.audit,
    settleMs,
    linkExpiresMs,
    now: clock.now,
    newOpeningId: () => `opening-${(openings += 1)}`,
  });
  const reveal = {
    look: (token: string, until: AbortSignal) => revealPassword.look(token, until),
    open: (token: string, until: AbortSignal) => revealPassword.open({ token, requestId }, until),
  };
  const look = () => reveal.look(aRevealToken(resetId), signal);
  const open = () => reveal.open(aRevealToken(resetId), signal);
  const withdrawAt = (atMs: number) => void (withdrawnAtMs = atMs);
  return { reveal, look, open, withdrawAt, audit, resets, locks, clock, request };
}
