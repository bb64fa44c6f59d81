import { randomBytes, randomUUID } from 'node:crypto';
import type { ContainerClient } from '@azure/storage-blob';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createBlobInbox } from '../../shared/azure/blob-inbox.js';
import { createBlobRowFaults } from '../../shared/azure/blob-row-faults.js';
import type { RowFault } from '../../shared/bulk-reset/bulk-reset.js';
import type { Inbox, InboxFile } from '../../shared/bulk-reset/ports.js';
import { startStorage, type StorageHarness } from './storage-harness.js';

const { signal } = new AbortController();
let storage: StorageHarness;
let container: ContainerClient;

beforeAll(async () => {
  storage = await startStorage();
});

afterAll(() => storage.stop());

beforeEach(async () => {
  container = storage.clients.container(`c-${randomUUID()}`);
  await container.create();
});

describe('createBlobRowFaults()', () => {
  const faults: RowFault[] = [
    { line: 3, row: 2, code: 'InvalidRows', message: 'user must be a GUID', target: 'user' },
    { row: 7, code: 'CustomerNotFound', message: 'There is no such customer' },
    { line: 9, code: 'InvalidRows', message: "The quote isn't closed: “ 🔑" },
  ];

  it('gives back what was wrong with the rows of a job', async () => {
    const rowFaults = createBlobRowFaults(container);

    await rowFaults.write('job-1', faults);
    await rowFaults.write('job-2', []);

    expect(await rowFaults.read('job-1')).toEqual(faults);
    expect(await rowFaults.read('job-2')).toEqual([]);
  });

  it('gives back the last that was written', async () => {
    const rowFaults = createBlobRowFaults(container);

    await rowFaults.write('job-1', faults);
    await rowFaults.write('job-1', faults.slice(0, 1));

    expect(await rowFaults.read('job-1')).toEqual(faults.slice(0, 1));
  });

  it('knows of no fault where none was written', async () => {
    expect(await createBlobRowFaults(container).read('job-1')).toEqual([]);
  });

  it('deletes what was wrong with the rows of a job, and of no other', async () => {
    const rowFaults = createBlobRowFaults(container);
    await rowFaults.write('job-1', faults);
    await rowFaults.write('job-2', faults);

    await rowFaults.delete('job-1');
    await rowFaults.delete('job-1');

    expect(await rowFaults.read('job-1')).toEqual([]);
    expect(await rowFaults.read('job-2')).toEqual(faults);
  });

  it('says when it cannot be written', async () => {
    await container.delete();

    await expect(createBlobRowFaults(container).write('job-1', faults)).rejects.toMatchObject({
      code: 'StorageUnavailable',
      message: 'Cannot write what is wrong with the rows: status 404 (ContainerNotFound)',
    });
  });
});

describe('createBlobInbox()', () => {
  const name = 'contoso/users 2026-01-01 Größe.csv';

  it('knows no file that there is not', async () => {
    expect(await createBlobInbox(container).find(name, signal)).toBeUndefined();
  });

  it.each([
    ['a small file', Buffer.from('customer,user\ncontoso.com,adele@contoso.com\n')],
    ['an empty file', Buffer.alloc(0)],
    ['a file of one block', randomBytes(1024 * 1024)],
    ['a file of two blocks', randomBytes(2 * 1024 * 1024)],
    ['a file of many blocks', randomBytes(3 * 1024 * 1024 + 7)],
  ])('reads %s byte for byte', async (_what, content) => {
    const inbox = createBlobInbox(container);
    await put(content);

    const file = await find(inbox);

    expect(file.name).toBe(name);
    expect((await readAll(inbox, file)).equals(content)).toBe(true);
  });

  it('reads the same file as often as it is asked to', async () => {
    const inbox = createBlobInbox(container);
    await put(Buffer.from('user\n'));
    const file = await find(inbox);

    const both = [await readAll(inbox, file), await readAll(inbox, file)];

    expect(both.map(String)).toEqual(['user\n', 'user\n']);
  });

  it('does not read another file that was put there since it was found', async () => {
    const inbox = createBlobInbox(container);
    await put(Buffer.from('user\n'));
    const file = await find(inbox);
    await put(Buffer.from('resu\n'));

    await expect(readAll(inbox, file)).rejects.toMatchObject({
      code: 'StorageUnavailable',
      message: 'Cannot read a file in the bulk inbox: status 412 (ConditionNotMet)',
    });
    expect(String(await readAll(inbox, await find(inbox)))).toBe('resu\n');
  });

  it('does not read on in another file that was put there meanwhile', async () => {
    const inbox = createBlobInbox(container);
    await put(randomBytes(2 * 1024 * 1024));
    const chunks = inbox.read(await find(inbox), signal)[Symbol.asyncIterator]();
    await chunks.next();
    await put(randomBytes(2 * 1024 * 1024));

    await expect(chunks.next()).rejects.toMatchObject({ code: 'StorageUnavailable' });
  });

  it('does not read a file that was taken away since it was found', async () => {
    const inbox = createBlobInbox(container);
    await put(Buffer.from('user\n'));
    const file = await find(inbox);
    await container.deleteBlob(name);

    await expect(readAll(inbox, file)).rejects.toMatchObject({ code: 'StorageUnavailable' });
  });

  it('ends when it is told to', async () => {
    const inbox = createBlobInbox(container);
    await put(Buffer.from('user\n'));
    const file = await find(inbox);
    const aborted = AbortSignal.abort();

    await expect(inbox.find(name, aborted)).rejects.toMatchObject({ name: 'AbortError' });
    await expect(readAll(inbox, file, aborted)).rejects.toMatchObject({ name: 'AbortError' });
  });

  async function put(content: Buffer): Promise<void> {
    await container.uploadBlockBlob(name, content, content.length);
  }

  async function find(inbox: Inbox): Promise<InboxFile> {
    const file = await inbox.find(name, signal);
    if (file === undefined) throw new Error('The file is not there');
    return file;
  }
});

async function readAll(inbox: Inbox, file: InboxFile, readSignal = signal): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of inbox.read(file, readSignal)) chunks.push(chunk);
  return Buffer.concat(chunks);
}
