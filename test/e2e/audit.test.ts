import { BlobServiceClient, type AppendBlobClient } from '@azure/storage-blob';
import { TableClient } from '@azure/data-tables';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createApiClient, sendBulkJob } from '../../infra/local/api-client.js';
import { isPlain } from '../../infra/local/directory/plain-user.js';
import { eventually } from './eventually.js';
import { findPeople, type Person } from './people.js';
import { startTestStack, type TestStack } from './start-test-stack.js';
import { readBulkRows, waitForBulkReset } from './wait-for-bulk-reset.js';

interface AuditBody {
  readonly chain: { readonly verified: boolean; readonly problem?: { readonly seq: number } };
  readonly items: readonly Readonly<Record<string, unknown>>[];
  readonly nextLink?: string;
}

describe('get-audit', () => {
  let stack: TestStack;
  let people: readonly Person[];
  /** All of it happens on one day, unless midnight passes. */
  const day = new Date().toISOString().slice(0, 10);

  beforeAll(async () => {
    stack = await startTestStack();
    const { customerTenantId } = stack.facts.samples;
    people = findPeople(stack, isPlain).filter(
      ({ customer }) => customer.tenantId === customerTenantId,
    );
  });

  afterAll(async () => {
    await stack.stop();
  });

  const api = (caller = 'helpdesk') => createApiClient(stack.facts, caller);
  const customerTenantId = () => stack.facts.samples.customerTenantId;
  const read = async (customer = customerTenantId()) => {
    const { body } = await api().get(`/audit?customer=${customer}&day=${day}&limit=1000`);
    return body as AuditBody;
  };
  const actionsOf = async (id: unknown) =>
    (await read()).items.filter(({ resetId }) => resetId === id).map(({ action }) => action);
  const orderFor = ({ customer, user }: Person, delivery = 'response') => ({
    customer: customer.domain,
    user: user.userPrincipalName,
    delivery,
  });

  it('holds what became of a reset, from the request to the password that was shown', async () => {
    const [person] = people as [Person];

    const { body, headers } = await api().post('/password-resets', orderFor(person));

    const { id, password } = body as { id: string; password: string };
    const { chain, items } = await read();
    expect(chain).toEqual({
      customerTenantId: customerTenantId(),
      day,
      records: items.length,
      verified: true,
    });
    const about = { caller: 'helpdesk', resetId: id, customerTenantId: customerTenantId() };
    expect(items).toMatchObject([
      { action: 'reset.accepted', ...about, requestId: headers.get('x-ms-request-id') },
      { action: 'reset.sent', ...about, userId: person.user.id, attempt: 1 },
      { action: 'reset.applied', ...about, userId: person.user.id },
      { action: 'password.revealed', ...about, userId: person.user.id },
    ]);
    const sent = stack.partnerCenter.requests.find(
      ({ operation }) => operation === 'resetPassword',
    );
    expect(items[1]?.['requestId']).toBe(sent?.requestId);
    const text = JSON.stringify(items);
    expect(text).not.toContain(password);
    expect(text).not.toContain(person.user.userPrincipalName);
  });

  it('holds what was refused, by the directory and at the door', async () => {
    const [admin] = findPeople(stack, ({ directoryRoles }) => directoryRoles.length > 0).filter(
      ({ customer }) => customer.tenantId === customerTenantId(),
    ) as [Person];
    await api().post('/password-resets', { ...orderFor(admin), reference: 'an admin' });
    const denied = await api('ticket-system').post('/password-resets', orderFor(admin));
    const accepted = (await read()).items.find(({ reference }) => reference === 'an admin');

    expect(await actionsOf(accepted?.['resetId'])).toEqual(['reset.accepted', 'reset.rejected']);
    const { chain, items } = await read('none');
    expect(chain).toEqual({ day, records: items.length, verified: true });
    expect(items).toMatchObject([
      {
        action: 'request.refused',
        caller: 'ticket-system',
        functionName: 'reset-password',
        code: 'PermissionDenied',
        requestId: denied.headers.get('x-ms-request-id'),
      },
    ]);
  });

  it('holds what became of a job, and of each of its rows', async () => {
    const [, one, other] = people as [Person, Person, Person];
    const rows = [one, other].map(({ user }) => ({ user: user.id }));

    const id = await sendBulkJob(stack.facts, {
      delivery: 'response',
      customer: customerTenantId(),
      rows,
    });
    await waitForBulkReset(stack.facts, id);
    await readBulkRows(stack.facts, id);

    const jobs = (await read('none')).items.filter(({ bulkResetId }) => bulkResetId === id);
    expect(jobs).toMatchObject([
      { action: 'job.accepted', caller: 'bulk-queue' },
      { action: 'job.started', caller: 'bulk-queue', rows: 2 },
    ]);
    for (const row of ['0000001', '0000002']) {
      expect(await actionsOf(`${id}-${row}`)).toEqual([
        'reset.sent',
        'reset.applied',
        'password.revealed',
      ]);
    }
  });

  it('shows a day a page at a time', async () => {
    const all = (await read()).items;
    const path = `/audit?customer=${customerTenantId()}&day=${day}&limit=3`;

    const paged = [];
    for (let link: string | undefined = path; link !== undefined;) {
      const body = (await api().get(link)).body as AuditBody;
      expect(body.chain.verified).toBe(true);
      paged.push(...body.items);
      link = body.nextLink;
    }

    expect(paged).toEqual(all);
  });

  it('shows nothing to a caller without the permission', async () => {
    const { status } = await api('ticket-system').get(
      `/audit?customer=${customerTenantId()}&day=${day}`,
    );

    expect(status).toBe(403);
  });

  describe('when somebody with write access to storage has been there', () => {
    let blob: AppendBlobClient;
    let lines: readonly string[];

    beforeAll(async () => {
      const blobs = BlobServiceClient.fromConnectionString(stack.facts.storageConnectionString);
      blob = blobs
        .getContainerClient('audit')
        .getAppendBlobClient(`${customerTenantId()}/${day}.ndjson`);
      lines = String(await blob.downloadToBuffer())
        .split('\n')
        .slice(0, -1);
      await eventually(async () => ((await hasHead(lines.length)) ? true : undefined));
    });

    const hasHead = async (seq: number) => {
      const heads = TableClient.fromConnectionString(
        stack.facts.storageConnectionString,
        'auditheads',
        { allowInsecureConnection: true },
      );
      for await (const head of heads.listEntities<{ seq: number }>()) {
        if (head.partitionKey?.startsWith(customerTenantId()) && head.seq === seq) return true;
      }
      return false;
    };

    const write = async (changed: readonly string[]) => {
      const text = changed.map((line) => `${line}\n`).join('');
      await blob.delete();
      await blob.create();
      if (text !== '') await blob.appendBlock(text, Buffer.byteLength(text));
    };
    const last = () => lines.length - 1;
    const at = (index: number) => lines[index] ?? '';

    it.each<[string, () => readonly string[], () => number]>([
      ['a record was edited', () => lines.with(2, at(2).replace('helpdesk', 'nobody')), () => 3],
      [
        'the last was edited',
        () => lines.with(last(), at(last()).replace(/a/, 'b')),
        () => last() + 1,
      ],
      ['the first was removed', () => lines.toSpliced(0, 1), () => 1],
      ['one in the middle was removed', () => lines.toSpliced(4, 1), () => 5],
      ['the last was removed', () => lines.toSpliced(last(), 1), () => last() + 1],
      ['all were removed', () => [], () => 1],
      [
        'one was inserted',
        () => lines.toSpliced(3, 0, at(2).replace('"seq":3', '"seq":4')),
        () => 4,
      ],
      ['one was added', () => [...lines, at(0)], () => lines.length + 1],
      ['two changed places', () => lines.with(1, at(2)).with(2, at(1)), () => 2],
      ['one is there twice', () => lines.toSpliced(2, 0, at(1)), () => 3],
    ])('says where it does not hold any more: %s', async (_, changed, seq) => {
      await write(changed());
      const { chain } = await read();
      await write(lines);

      expect(chain).toMatchObject({ verified: false, problem: { seq: seq() } });
      expect(await eventually(isVerified)).toBe(true);
    });

    const isVerified = async () => ((await read()).chain.verified ? true : undefined);
  });
});
