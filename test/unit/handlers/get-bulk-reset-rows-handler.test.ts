import { describe, expect, it } from '@jest/globals';
import { parse } from 'csv-parse/sync';
import {
  type BulkResetFacts,
  bulkRowNumber,
  bulkRowResetId,
} from '../../../shared/bulk-reset/bulk-reset.js';
import type { Caller, Permission } from '../../../shared/callers/caller.js';
import { createBulkResetLinks } from '../../../shared/handlers/bulk-reset-view.js';
import { createGetBulkResetRowsHandler } from '../../../shared/handlers/get-bulk-reset-rows-handler.js';
import {
  createReadPassword,
  type ReadablePassword,
  type ReadPassword,
} from '../../../shared/password-reset/read-password-reset.js';
import { ResetError } from '../../../shared/password-reset/reset-error.js';
import type { ResetRow } from '../../../shared/password-reset/reset-row.js';
import { Secret } from '../../../shared/platform/secret.js';
import { aBulkResetRow, bulkResetId } from '../../builders/a-bulk-reset.js';
import { aCaller } from '../../builders/a-caller.js';
import { acceptedAtMs, aResetRow, customerTenantId, userId } from '../../builders/a-reset-row.js';
import { aSealedRequest } from '../../builders/a-sealed-request.js';
import { fakeRecipientKeyIdOf } from '../../fakes/fake-recipient.js';
import { aRevealToken, fakeRevealLinks } from '../../fakes/fake-reveal-links.js';
import { aCallerDoor } from './a-caller-door.js';
import { call, expectRefusal, type RequestValues } from './invocation.js';
import { FakeAudit } from '../../fakes/fake-audit.js';

const canary = ['canary', '7f3a'].join('-');
const address = `https://resets.example/api/bulk-resets/${bulkResetId}/rows`;
const rows = [1, 2, 1_000, 1_001].map((row) => aRow(row, 'applied', { seal: 'a seal', userId }));
const csv = { format: 'csv' };
const header =
  'row,customerTenantId,userId,status,code,password,encryptedPassword,link,linkExpiresAt,openedAt,revokedAt,passwordWithheld,reference,completedAt';

describe('createGetBulkResetRowsHandler()', () => {
  it('gives the rows with their numbers and passwords, and the way to the next page', async () => {
    const answer = await aDoor().page({ limit: '2' });

    expect(answer).toMatchObject({
      status: 200,
      headers: { 'cache-control': 'no-store' },
      body: {
        items: [
          { row: 1, id: bulkRowResetId(bulkResetId, 1), status: 'Succeeded', password: canary },
          { row: 2, id: bulkRowResetId(bulkResetId, 2), status: 'Succeeded', password: canary },
        ],
        nextLink: `${address}?afterRow=2&limit=2`,
      },
    });
    expect(answer.headers).not.toHaveProperty('link');
    expect(JSON.stringify(answer.logged)).not.toContain(canary);
  });

  it('leads over every page to the end', async () => {
    const { page } = aDoor();
    const seen: number[] = [];
    let query: Record<string, string> | undefined = { limit: '3' };
    while (query !== undefined) {
      const { items, nextLink } = (await page(query)).body as {
        items: { row: number }[];
        nextLink?: string;
      };
      seen.push(...items.map(({ row }) => row));
      query =
        nextLink === undefined ? undefined : Object.fromEntries(new URL(nextLink).searchParams);
    }

    expect(seen).toEqual([1, 2, 1_000, 1_001]);
  });

  it('gives an empty page, and no next one, after the last row', async () => {
    const answer = await aDoor().page({ afterRow: '1001' });

    expect(answer.body).toEqual({ items: [] });
    expect(answer.headers).not.toHaveProperty('retry-after');
  });

  it('says when to come again while the rows of a page are still to come', async () => {
    const answer = await aDoor({ rows: [], nextAfterRow: 0 }).page();

    expect(answer).toMatchObject({
      headers: { 'retry-after': '5' },
      body: { items: [], nextLink: `${address}?afterRow=0&limit=100` },
    });
  });

  it.each<[string, Asked]>([
    ['the caller may not read them', { permissions: ['bulkReset'] }],
    ['they are not to be delivered', { delivery: 'none' }],
    ['the customer is out of scope by now', { customers: new Set() }],
    ['the job is acknowledged', { facts: { acknowledgedAtMs: acceptedAtMs } }],
  ])('gives no passwords when %s', async (_, values) => {
    const answer = await aDoor(values).page();

    expect(answer.body).toMatchObject({ items: [{ row: 1 }, { row: 2 }, { row: 1_000 }, {}] });
    expect(answer.text).not.toContain('password');
    expect((await aDoor(values).page(csv)).text).not.toContain(canary);
  });

  it.each<[ReadablePassword, string]>([
    [{ kind: 'settling', untilMs: acceptedAtMs }, 'Settling'],
    [{ kind: 'superseded' }, 'Superseded'],
  ])('says why it shows no password: %j', async (readable, passwordWithheld) => {
    const { page } = aDoor({ readPassword: () => Promise.resolve(readable) });

    const answer = await page({ limit: '1' });

    expect(answer.body).toMatchObject({ items: [{ status: 'Succeeded', passwordWithheld }] });
    expect(answer.body).not.toHaveProperty('items.0.password');
    expect((await page({ ...csv, limit: '1' })).text).toContain(`,,${passwordWithheld},`);
  });

  it('reads passwords sixteen at a time, and keeps them with their rows', async () => {
    let current = 0;
    let most = 0;
    const many = Array.from({ length: 100 }, (_, index) => aRow(index + 1, 'applied'));
    const { page } = aDoor({
      rows: many,
      readPassword: async (row) => {
        current += 1;
        most = Math.max(most, current);
        // The later the row, the earlier its answer.
        for (let wait = bulkRowNumber(row); wait < 100; wait += 1) await Promise.resolve();
        current -= 1;
        return { kind: 'password', password: new Secret(`password of ${bulkRowNumber(row)}`) };
      },
    });

    const { items } = (await page()).body as { items: { row: number; password: string }[] };

    expect(most).toBe(16);
    expect(items).toHaveLength(100);
    expect(items.map(({ row }) => `password of ${row}`)).toEqual(
      items.map(({ password }) => password),
    );
  });

  it('answers no page at all when a password cannot be read', async () => {
    const failure = new ResetError('KeyVaultUnavailable', 'is away');

    const answer = await aDoor({ readPassword: () => Promise.reject(failure) }).page();

    expectRefusal(answer, { status: 503, code: 'KeyVaultUnavailable' });
  });

  it('gives a hundred rows unless asked for more', async () => {
    const many = Array.from({ length: 150 }, (_, index) => aRow(index + 1));
    const { page } = aDoor({ rows: many });

    expect((await page()).body).toMatchObject({ items: { length: 100 } });
    expect((await page({ limit: '1000' })).body).toMatchObject({ items: { length: 150 } });
  });

  it.each([
    ['limit', '0'],
    ['limit', '1001'],
    ['limit', '-1'],
    ['limit', '1.5'],
    ['limit', '1e2'],
    ['limit', ' 5'],
    ['limit', ''],
    ['limit', '5,5'],
    ['afterRow', '-1'],
    ['afterRow', '10000000'],
    ['afterRow', 'x'],
    ['afterRow', "0' or '1' eq '1"],
  ])('refuses %s=%s', async (name, value) => {
    const answer = await aDoor().page({ [name]: value });

    expectRefusal(answer, { status: 400, code: 'InvalidRequest', target: name });
    expect(answer.body).toMatchObject({
      error: { message: expect.stringMatching(/^must be a whole number from/) },
    });
  });

  it.each(['xml', 'CSV', ''])('refuses format=%s', async (format) => {
    const answer = await aDoor().page({ format });

    expectRefusal(answer, { status: 400, code: 'InvalidRequest', target: 'format' });
  });

  it('does not find a job that is unknown, or that somebody else has asked for', async () => {
    const failure = new ResetError('BulkResetNotFound', 'There is no such bulk reset');

    const answer = await aDoor({ failure }).page();

    expectRefusal(answer, { status: 404, code: 'BulkResetNotFound' });
  });

  it.each(['', '..', `${bulkResetId}/x`, `${bulkResetId}\0`])('finds no job %j', async (id) => {
    const answer = await aDoor({ id, failure: new Error('must not be read') }).page();

    expectRefusal(answer, { status: 404, code: 'BulkResetNotFound' });
  });
});

describe('rows in NDJSON', () => {
  it('are the rows of the page, one a line, and a header leads on', async () => {
    const { page } = aDoor();

    const answer = await page({ format: 'ndjson', limit: '2' });

    expect(answer).toMatchObject({
      status: 200,
      headers: {
        'content-type': 'application/x-ndjson',
        link: `<${address}?afterRow=2&limit=2&format=ndjson>; rel="next"`,
        'cache-control': 'no-store',
      },
    });
    const lines = answer.text.split('\n');
    expect(lines.pop()).toBe('');
    const { items } = (await page({ limit: '2' })).body as { items: object[] };
    expect(lines.map((line): unknown => JSON.parse(line))).toEqual(items);
  });

  it('are no text while they are still to come', async () => {
    const answer = await aDoor({ rows: [], nextAfterRow: 0 }).page({ format: 'ndjson' });

    expect(answer.text).toBe('');
    expect(answer.headers).toMatchObject({
      'retry-after': '5',
      link: `<${address}?afterRow=0&limit=100&format=ndjson>; rel="next"`,
    });
  });
});

describe('rows in CSV', () => {
  it('are a header and the rows of the page, and a header of the answer leads on', async () => {
    const failed = aRow(2, 'rejected', { code: 'UserIsAdmin', reference: 'INC-7' });
    const { page } = aDoor({ rows: [...rows.slice(0, 1), failed, aRow(3)] });

    const answer = await page({ ...csv, limit: '3' });

    expect(answer).toMatchObject({
      status: 200,
      headers: {
        'content-type': 'text/csv; charset=utf-8; header=present',
        'cache-control': 'no-store',
      },
    });
    expect(answer.headers).not.toHaveProperty('link');
    expect(answer.text.split('\r\n')).toEqual([
      header,
      `1,${customerTenantId},${userId},Succeeded,,${canary},,,,,,,,2026-01-01T00:00:01.000Z`,
      `2,${customerTenantId},,Failed,UserIsAdmin,,,,,,,,INC-7,2026-01-01T00:00:01.000Z`,
      `3,${customerTenantId},,NotStarted,,,,,,,,,,`,
      '',
    ]);
    expect((await page({ ...csv, limit: '1' })).headers).toMatchObject({
      link: `<${address}?afterRow=1&limit=1&format=csv>; rel="next"`,
    });
  });

  it('are a header alone while they are still to come', async () => {
    const answer = await aDoor({ rows: [], nextAfterRow: 0 }).page(csv);

    expect(answer.text).toBe(`${header}\r\n`);
    expect(answer.headers).toMatchObject({ 'retry-after': '5' });
  });

  it('have the links of rows, and when they were opened or taken back', async () => {
    const [ready, opened, revoked] = [
      aRow(1, 'applied', { seal: 'a seal', delivery: 'link', userId }),
      aRow(2, 'applied', { openedAtMs: acceptedAtMs + 2_000 }),
      aRow(3, 'applied', { revokedAtMs: acceptedAtMs + 3_000 }),
    ];
    const { page } = aDoor({ rows: [ready, opened, revoked], delivery: 'link' });

    const records = parse<Record<string, string>>((await page(csv)).text, { columns: true });

    const link = `https://resets.example/api/reveal/${aRevealToken(ready.resetId)}`;
    const none = { link: '', linkExpiresAt: '', openedAt: '', revokedAt: '' };
    expect(records).toMatchObject([
      { ...none, link, linkExpiresAt: '2026-01-01T01:00:01.000Z' },
      { ...none, openedAt: '2026-01-01T00:00:02.000Z' },
      { ...none, revokedAt: '2026-01-01T00:00:03.000Z' },
    ]);
    const { items } = (await page()).body as { items: object[] };
    expect(items[0]).toMatchObject({ link, linkExpiresAt: '2026-01-01T01:00:01.000Z' });
    expect(items[1]).not.toHaveProperty('link');
  });

  it.each([
    '=HYPERLINK("https://x.example")',
    '+1',
    '-1',
    '@SUM(A1)',
    '\t=1',
    '\r=1',
    '\n=1',
    '\uff1d1',
    '\uff0b1',
    '\uff0d1',
    '\uff201',
  ])('are nothing that a spreadsheet would calculate: %j', async (reference) => {
    const { text } = await aDoor({ rows: [aRow(1, 'queued', { reference })] }).page(csv);

    expect(referencesIn(text)).toEqual([`'${reference}`]);
  });

  it.each(['INC-7', 'a=b', ' =1', 'a, "b"', 'one\ntwo', 'one\r\ntwo', "it's", 'Überprüfung', '1'])(
    'keep a reference as it is: %j',
    async (reference) => {
      const { text } = await aDoor({ rows: [aRow(1, 'queued', { reference })] }).page(csv);

      expect(referencesIn(text)).toEqual([reference]);
    },
  );
});

describe('the format of rows', () => {
  it.each<[string, RequestValues, string]>([
    ['JSON unless asked for another', {}, 'application/json'],
    ['JSON', { query: { format: 'json' } }, 'application/json'],
    ['what Accept says', { headers: { accept: 'text/csv' } }, 'text/csv'],
    [
      'the first that is ours',
      { headers: { accept: 'text/html, Application/X-NDJSON;q=0.9, text/csv' } },
      'application/x-ndjson',
    ],
    ['JSON for whoever takes all', { headers: { accept: '*/*' } }, 'application/json'],
    [
      'what the query says, before Accept',
      { query: { format: 'json' }, headers: { accept: 'text/csv' } },
      'application/json',
    ],
  ])('is %s', async (_, request, type) => {
    const { headers } = await aDoor().ask(request);

    expect(headers['content-type']?.split(';')[0]).toBe(type);
  });
});

describe('the audit of passwords that are shown', () => {
  const applied = [1, 2, 3].map((row) => aRow(row, 'applied', { seal: 'a seal', userId }));

  it('is told once a page, of the rows whose password is shown', async () => {
    const { page, audit } = aDoor({ rows: [...applied, aRow(4, 'rejected'), aRow(5)] });

    await page();

    expect(audit.calls).toEqual([3]);
    expect(audit.events).toMatchObject(
      applied.map(({ resetId }) => ({ action: 'password.revealed', caller: 'helpdesk', resetId })),
    );
  });

  it('comes first: nothing is shown that could not be told', async () => {
    const auditFailure = new ResetError('StorageUnavailable', 'is away');

    const answer = await aDoor({ rows: applied, auditFailure }).page();

    expectRefusal(answer, { status: 503, code: 'StorageUnavailable' });
    expect(answer.text).not.toContain(canary);
  });
});

interface Asked {
  readonly rows?: readonly ResetRow[];
  readonly nextAfterRow?: number;
  readonly id?: string;
  readonly permissions?: readonly Permission[];
  readonly delivery?: 'link' | 'response' | 'none';
  readonly customers?: Caller['customers'];
  readonly facts?: Partial<BulkResetFacts>;
  readonly readPassword?: ReadPassword;
  readonly failure?: Error;
  readonly auditFailure?: Error;
}

function aDoor(values: Asked = {}) {
  const { id = bulkResetId, delivery = 'response', customers = 'all', failure } = values;
  const all = values.rows ?? rows;
  const audit = new FakeAudit();
  audit.failure = values.auditFailure;
  const permissions = new Set(values.permissions ?? (['bulkReset', 'readPassword'] as const));
  const passwordProfile = { password: new Secret(canary), forceChangePassword: true };
  const handler = createGetBulkResetRowsHandler({
    audit: audit.audit,
    door: aCallerDoor(() => Promise.resolve(aCaller({ permissions, customers }))),
    readBulkReset: {
      page: ({ afterRow, limit }) => {
        if (failure) return Promise.reject(failure);
        const following = all.filter((row) => bulkRowNumber(row) > afterRow);
        const page = following.slice(0, limit);
        const last = page.at(-1);
        const next = following.length > limit && last ? bulkRowNumber(last) : values.nextAfterRow;
        const job = aBulkResetRow(undefined, values.facts ?? {});
        return Promise.resolve({
          job,
          rows: page,
          ...(next !== undefined && { nextAfterRow: next }),
        });
      },
    },
    readPassword:
      values.readPassword ??
      createReadPassword({
        seals: {
          open: () => Promise.resolve(aSealedRequest({ delivery, passwordProfile })),
          openEncrypted: () => Promise.resolve(undefined),
        },
        isSuperseded: () => Promise.resolve(false),
        links: fakeRevealLinks,
        recipientKeyIdOf: fakeRecipientKeyIdOf,
        settleMs: 300_000,
        linkExpiresMs: 3_600_000,
        now: () => acceptedAtMs + 60_000,
      }),
    links: createBulkResetLinks('https://resets.example'),
  });
  const ask = (request: RequestValues) => call(handler, { ...request, params: { id } });
  return { ask, audit, page: (query: Record<string, string> = {}) => ask({ query }) };
}

function aRow(row: number, state: ResetRow['state'] = 'queued', values: object = {}): ResetRow {
  return { ...aResetRow({ state }), resetId: bulkRowResetId(bulkResetId, row), ...values };
}

function referencesIn(text: string): readonly (string | undefined)[] {
  const records = parse<Record<string, string>>(text, { columns: true, record_delimiter: '\r\n' });
  return records.map((record) => record['reference']);
}
