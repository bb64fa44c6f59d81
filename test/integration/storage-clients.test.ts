import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createBlobInbox } from '../../shared/azure/blob-inbox.js';
import { createBlobRowFaults } from '../../shared/azure/blob-row-faults.js';
import { createQueueSender } from '../../shared/azure/queue-sender.js';
import { createStorageClients, type StorageClients } from '../../shared/azure/storage-clients.js';
import { createTableResetStore } from '../../shared/azure/table-reset-store.js';
import { aResetRow } from '../builders/a-reset-row.js';

const { signal } = new AbortController();
const idleMs = 100;
const row = aResetRow();

/** Every kind of call that the app makes, by what it then says it cannot do. */
const calls: Readonly<Record<string, (storage: StorageClients) => Promise<unknown>>> = {
  'read a row': (storage) => resetsIn(storage).read(row.resetId),
  'create a row': (storage) => resetsIn(storage).create(row),
  'create rows': (storage) => resetsIn(storage).createMany([row]),
  'read rows': (storage) => resetsIn(storage).outcomes('job-1', 0),
  'send a message': (storage) => createQueueSender(storage.queue('work'))({}, 0),
  'write what is wrong with the rows': (storage) => faultsIn(storage).write('job-1', []),
  'read what is wrong with the rows': (storage) => faultsIn(storage).read('job-1'),
  'find a file in the bulk inbox': (storage) => inboxIn(storage).find('users.csv', signal),
};

describe('createStorageClients()', () => {
  let server: Server;
  let sockets: Socket[];
  let answer: (socket: Socket) => void;
  let storage: StorageClients;

  beforeEach(async () => {
    sockets = [];
    server = createServer((socket) => {
      sockets.push(socket);
      socket.on('error', () => undefined);
      socket.on('data', () => answer(socket));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    storage = clientsOf((server.address() as AddressInfo).port);
  });

  afterEach(async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, 'close');
  });

  it.each([
    ['says nothing', ''],
    ['stops in the middle of its headers', 'HTTP/1.1 200 OK\r\nETag: "1"\r\nContent-Le'],
  ])('gives up on a service that accepts and %s', async (_what, text) => {
    answer = (socket) => socket.write(text);

    const failures = await Promise.all(
      Object.values(calls).map((call) => failureOf(call(storage))),
    );

    expect(failures).toEqual(
      Object.keys(calls).map((what) => ({
        code: 'StorageUnavailable',
        message: `Cannot ${what}: no answer (ETIMEDOUT)`,
      })),
    );
  });

  it('tries four times', async () => {
    answer = () => undefined;

    await failureOf(resetsIn(storage).read(row.resetId));

    expect(sockets).toHaveLength(4);
  });

  it('gives up on a body that stops in the middle', async () => {
    answer = (socket) => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"value"');

    const reading = resetsIn(storage).read(row.resetId);

    await expect(reading).rejects.toMatchObject({ code: 'StorageUnavailable' });
  });

  it.each([
    ['file', (): Promise<unknown> => readFile()],
    ['blob', () => faultsIn(storage).read('job-1')],
  ])('gives up on a %s that stops in the middle', async (_what, read) => {
    answer = (socket) =>
      socket.write(
        'HTTP/1.1 200 OK\r\nETag: "1"\r\nContent-Length: 100\r\nContent-Type: text/csv\r\n\r\nuser',
      );

    await expect(read()).rejects.toMatchObject({ code: 'StorageUnavailable' });
  });

  it('waits for an answer that is slow but goes on', async () => {
    const body = JSON.stringify({ 'odata.error': { code: 'ResourceNotFound' } });
    const text = `HTTP/1.1 404 Not Found\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
    answer = (socket) => void trickle(socket, text, 10);

    const reading = resetsIn(storage).read(row.resetId);

    expect(await reading).toBeUndefined();
    expect(sockets).toHaveLength(1);
  });

  it('keeps connections for the next call, and makes another when one was idle for too long', async () => {
    answer = (socket) => socket.write('HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n');
    const resets = resetsIn(storage);

    await resets.read(row.resetId);
    await resets.read(row.resetId);
    expect(sockets).toHaveLength(1);
    await once(sockets[0] ?? server, 'close');
    await resets.read(row.resetId);

    expect(sockets).toHaveLength(2);
  });

  function readFile(): Promise<unknown> {
    const file = { name: 'users.csv', etag: '"1"' };
    return inboxIn(storage).read(file, signal)[Symbol.asyncIterator]().next();
  }
});

function resetsIn(storage: StorageClients) {
  return createTableResetStore(storage.table('rows'));
}

function faultsIn(storage: StorageClients) {
  return createBlobRowFaults(storage.container('faults'));
}

function inboxIn(storage: StorageClients) {
  return createBlobInbox(storage.container('inbox'));
}

async function failureOf(work: Promise<unknown>) {
  const failure = await work.then(
    () => ({}),
    (error: unknown) => error,
  );
  const { code, message } = failure as { readonly code?: unknown; readonly message?: unknown };
  return { code, message };
}

/** A piece at a time, each of them before anybody loses patience, and all of them not. */
async function trickle(socket: Socket, text: string, pieces: number): Promise<void> {
  const size = Math.ceil(text.length / pieces);
  for (let at = 0; at < text.length; at += size) {
    socket.write(text.slice(at, at + size));
    await new Promise((resolve) => setTimeout(resolve, idleMs / 4));
  }
}

function clientsOf(port: number): StorageClients {
  const url = `http://127.0.0.1:${port}/account`;
  const connectionString = [
    'DefaultEndpointsProtocol=http;AccountName=account',
    `AccountKey=${Buffer.from('any key').toString('base64')}`,
    `BlobEndpoint=${url};QueueEndpoint=${url};TableEndpoint=${url}`,
  ].join(';');
  const credential = { getToken: () => Promise.resolve(null) };
  return createStorageClients({ kind: 'connectionString', connectionString }, credential, {
    idleMs,
  });
}
