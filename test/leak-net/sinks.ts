import { TableClient, TableServiceClient } from '@azure/data-tables';
import { BlobServiceClient, type ContainerClient } from '@azure/storage-blob';
import { QueueServiceClient } from '@azure/storage-queue';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { signInName } from './guard.js';

/** A text that was found somewhere. */
export interface Seen {
  readonly sink: string;
  readonly text: string;
  /** Kinds of secrets that belong there. */
  readonly allowed?: readonly string[];
}

/** Nothing that is gone is waited for. */
const options = { allowInsecureConnection: true, retryOptions: { maxRetries: 0, maxTries: 1 } };

/** Everything that lies in the tables, queues and blobs of a storage account. */
export async function readStorage(connectionString: string): Promise<Seen[]> {
  const parts = await Promise.all([
    readTables(connectionString),
    readQueues(connectionString),
    readBlobs(connectionString),
  ]);
  return parts.flat();
}

async function readTables(connectionString: string): Promise<Seen[]> {
  const service = TableServiceClient.fromConnectionString(connectionString, options);
  const names: string[] = [];
  for await (const { name } of service.listTables()) if (name !== undefined) names.push(name);
  return Promise.all(
    names.map(async (name) => {
      const table = TableClient.fromConnectionString(connectionString, name, options);
      const lines = [name];
      for await (const row of table.listEntities()) {
        for (const [column, value] of Object.entries(row)) lines.push(`${column}=${show(value)}`);
      }
      return { sink: `table ${name}`, text: lines.join('\n') };
    }),
  );
}

function show(value: unknown): string {
  if (typeof value === 'string') return value;
  if (value instanceof Uint8Array) return Buffer.from(value).toString('latin1');
  return JSON.stringify(value, (_, part: unknown) => (typeof part === 'bigint' ? `${part}` : part));
}

/** What can be peeked at; the rest is seen on its way. */
async function readQueues(connectionString: string): Promise<Seen[]> {
  const service = QueueServiceClient.fromConnectionString(connectionString, options);
  const names: string[] = [];
  for await (const { name } of service.listQueues()) names.push(name);
  return Promise.all(
    names.map(async (name) => {
      const { peekedMessageItems } = await service
        .getQueueClient(name)
        .peekMessages({ numberOfMessages: 32 });
      const texts = peekedMessageItems.flatMap(({ messageText }) => asSentAndDecoded(messageText));
      return { sink: `queue ${name}`, text: texts.join('\n'), allowed: allowedInQueue(name) };
    }),
  );
}

/** What a request says to a table or a queue: its URL, its body, and the message in it. */
export function readRequest({ url, body }: { url: string; body: string }): Seen {
  const message = /<MessageText>(.*?)<\/MessageText>/s.exec(body)?.[1];
  const [, service = '', name = ''] = /^\/([^/?]+)\/([\w-]*)/.exec(url) ?? [];
  return {
    sink: `request to ${service}/${name}`,
    text: [url, body, ...(message === undefined ? [] : asSentAndDecoded(fromXml(message)))].join(
      '\n',
    ),
    allowed: allowedInQueue(name),
  };
}

function fromXml(text: string): string {
  const characters: Readonly<Record<string, string>> = { lt: '<', gt: '>', quot: '"', apos: "'" };
  return text
    .replaceAll(/&(lt|gt|quot|apos);/g, (_, name: string) => characters[name] ?? '')
    .replaceAll('&amp;', '&');
}

function asSentAndDecoded(message: string): string[] {
  return [message, Buffer.from(message, 'base64').toString('latin1')];
}

/** Jobs are the customer's own message, and so are those that were put aside. */
function allowedInQueue(name: string): readonly string[] {
  return /^bulk-reset-jobs(?:-poison)?$/.test(name) ? [signInName] : [];
}

async function readBlobs(connectionString: string): Promise<Seen[]> {
  const service = BlobServiceClient.fromConnectionString(connectionString, options);
  const names: string[] = [];
  for await (const { name } of service.listContainers()) names.push(name);
  const all = await Promise.all(
    names.map((name) => readContainer(service.getContainerClient(name))),
  );
  return all.flat();
}

async function readContainer(container: ContainerClient): Promise<Seen[]> {
  // The customer's own files.
  const allowed = container.containerName === 'bulk-inbox' ? [signInName] : [];
  const found: Seen[] = [];
  for await (const { name, metadata = {} } of container.listBlobsFlat({ includeMetadata: true })) {
    const content = await container.getBlobClient(name).downloadToBuffer();
    const text = [name, ...Object.entries(metadata).flat(), content.toString('latin1')].join('\n');
    found.push({ sink: `blob in ${container.containerName}`, text, allowed });
  }
  return found;
}

/** Where the stack itself keeps what must outlive it; a storage account holds no such file. */
const ownFile = 'local-secrets.json';

/** The files of a folder, which hold everything that a storage account does: the customer's files too. */
export async function readFolder(folder: string): Promise<Seen[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && entry.name !== ownFile);
  return Promise.all(
    files.map(async ({ parentPath, name }) => ({
      sink: `file ${name}`,
      text: `${name}\n${(await readFile(join(parentPath, name))).toString('latin1')}`,
      allowed: name.includes('table') ? [] : [signInName],
    })),
  );
}
