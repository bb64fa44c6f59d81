import { TableClient } from '@azure/data-tables';
import { BlobServiceClient } from '@azure/storage-blob';
import { QueueClient } from '@azure/storage-queue';
import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';

/** A place where a text can be put, and what the net calls it. */
export interface Place {
  readonly name: string;
  readonly sink: string;
  readonly put: (text: string) => unknown;
  readonly holds: Holds;
}

/** What can be put somewhere at all: what holds no zero byte, say, cannot hold UTF-16. */
export type Holds = 'anything' | 'noZeros' | 'noBackslashes' | 'identifiers';

export interface Grounds {
  readonly connectionString: string;
  /** The same storage, through a proxy in front of its queues. */
  readonly proxiedConnectionString: string;
  readonly dataDirectory: string;
  /** Of the app that puts a text wherever it is told to. */
  readonly apiUrl: string;
}

const planted = 'planted';
const tableOptions = { allowInsecureConnection: true };

/** Every sink that the net watches. */
export function placesOn(grounds: Grounds): readonly Place[] {
  return [...inThisProcess(), ...inTheHost(grounds), ...inStorage(grounds)];
}

/** Made before anything is put there. */
export async function preparePlaces({ connectionString }: Grounds): Promise<void> {
  await TableClient.fromConnectionString(connectionString, planted, tableOptions).createTable();
  await blobContainer(connectionString).create();
  for (const name of ['peeked', 'passed', 'planted-poison']) {
    await queueOf(connectionString, name).create();
  }
}

function inThisProcess(): readonly Place[] {
  const hidden = (text: string) => {
    const cause = new Error('cannot say why');
    Object.defineProperty(cause, 'hidden', { value: { text }, enumerable: false });
    return new Error('failed', { cause });
  };
  return [
    // eslint-disable-next-line no-console -- it is watched
    { name: 'the console', sink: 'console', put: (text) => console.log(text), holds: 'anything' },
    {
      name: 'what is not enumerable of the cause of an error on the console',
      sink: 'console',
      // eslint-disable-next-line no-console -- it is watched
      put: (text) => console.error('failed', hidden(text)),
      holds: 'anything',
    },
    {
      name: 'stdout',
      sink: 'stdout',
      put: (text) => process.stdout.write(text),
      holds: 'anything',
    },
    {
      name: 'stderr, as bytes',
      sink: 'stderr',
      put: (text) => process.stderr.write(Buffer.from(text, 'latin1')),
      holds: 'anything',
    },
  ];
}

function inTheHost({ apiUrl }: Grounds): readonly Place[] {
  const at = (place: string) => (text: string) =>
    fetch(`${apiUrl}/plant`, { method: 'POST', body: JSON.stringify({ place, text }) });
  const log = { sink: 'log of a host', holds: 'anything' } as const;
  const answer = { sink: 'answer to POST /api/plant' };
  return [
    { name: 'the log of an invocation', put: at('log'), ...log },
    { name: 'the message of an error that reaches the host', put: at('message'), ...log },
    { name: 'a hidden property of the cause of its cause', put: at('cause'), ...log },
    { name: 'the body of an answer', put: at('body'), ...answer, holds: 'anything' },
    { name: 'a header of an answer', put: at('header'), ...answer, holds: 'noZeros' },
  ];
}

function inStorage(grounds: Grounds): readonly Place[] {
  const { connectionString, proxiedConnectionString, dataDirectory } = grounds;
  const table = TableClient.fromConnectionString(connectionString, planted, tableOptions);
  const container = blobContainer(connectionString);
  const send = (name: string, encode: (text: string) => string) => (text: string) =>
    queueOf(connectionString, name).sendMessage(encode(text));
  const pass = (encode: (text: string) => string) => async (text: string) => {
    const queue = queueOf(proxiedConnectionString, 'passed');
    const { messageId, popReceipt } = await queue.sendMessage(encode(text));
    await queue.deleteMessage(messageId, popReceipt);
  };
  let count = 0;
  const newName = () => `planted-${(count += 1)}`;
  const newRow = () => ({ partitionKey: planted, rowKey: newName() });
  const blob = { sink: 'blob in planted' };
  const row = { sink: 'table planted' };
  const passing = { sink: 'request to devstoreaccount1/passed' };

  return [
    {
      name: 'a value in a table',
      put: (text) => table.createEntity({ ...newRow(), text }),
      ...row,
      holds: 'anything',
    },
    {
      name: 'the name of a column',
      put: (text) => table.createEntity({ ...newRow(), [text]: 1 }),
      ...row,
      holds: 'identifiers',
    },
    {
      name: 'bytes in a table',
      put: (text) => table.createEntity({ ...newRow(), text: Buffer.from(text, 'latin1') }),
      ...row,
      holds: 'anything',
    },
    { name: 'a message', put: send('peeked', asIs), sink: 'queue peeked', holds: 'noZeros' },
    {
      name: 'a message in Base64',
      put: send('peeked', toBase64),
      sink: 'queue peeked',
      holds: 'anything',
    },
    {
      name: 'a message that was put aside',
      put: send('planted-poison', toBase64),
      sink: 'queue planted-poison',
      holds: 'anything',
    },
    { name: 'a message that is gone', put: pass(asIs), ...passing, holds: 'noZeros' },
    {
      name: 'a message in Base64 that is gone',
      put: pass(toBase64),
      ...passing,
      holds: 'anything',
    },
    {
      name: 'a block blob',
      put: (text) => container.getBlockBlobClient(newName()).upload(text, text.length),
      ...blob,
      holds: 'anything',
    },
    {
      name: 'an append blob',
      put: async (text) => {
        const client = container.getAppendBlobClient(newName());
        await client.create();
        // In the middle of the secret.
        for (const part of [text.slice(0, 5), text.slice(5)]) {
          await client.appendBlock(part, part.length);
        }
      },
      ...blob,
      holds: 'anything',
    },
    {
      name: 'the name of a blob',
      put: (text) => container.getBlockBlobClient(text).upload('', 0),
      ...blob,
      holds: 'noBackslashes',
    },
    {
      name: 'the metadata of a blob',
      put: (text) =>
        container.getBlockBlobClient(newName()).upload('', 0, { metadata: { planted: text } }),
      ...blob,
      holds: 'noZeros',
    },
    {
      name: 'a file beside the data of the storage',
      put: (text) => appendFile(join(dataDirectory, 'planted.log'), text, 'latin1'),
      sink: 'file planted.log',
      holds: 'anything',
    },
  ];
}

const asIs = (text: string) => text;
const toBase64 = (text: string) => Buffer.from(text, 'latin1').toString('base64');

function queueOf(connectionString: string, name: string): QueueClient {
  return new QueueClient(connectionString, name);
}

function blobContainer(connectionString: string) {
  return BlobServiceClient.fromConnectionString(connectionString).getContainerClient(planted);
}
