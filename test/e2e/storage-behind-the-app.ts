import { TableClient } from '@azure/data-tables';
import { QueueServiceClient } from '@azure/storage-queue';
import { randomUUID } from 'node:crypto';
import type { TestStack } from './start-test-stack.js';

/** Sends a message, and takes it and gives it back as often as the host would try. */
export async function sendWornOut(
  connectionString: string,
  name: string,
  text: string,
): Promise<void> {
  const queue = queueOf(connectionString, name);
  await queue.sendMessage(text);
  for (let taken = 0; taken < 5; taken += 1) {
    const { receivedMessageItems } = await queue.receiveMessages();
    for (const { messageId, popReceipt, messageText } of receivedMessageItems) {
      await queue.updateMessage(messageId, popReceipt, messageText, 0);
    }
  }
}

export function queueOf(connectionString: string, name: string) {
  return QueueServiceClient.fromConnectionString(connectionString).getQueueClient(name);
}

/** What lies on a queue, however much it is. */
export async function takeAll(connectionString: string, name: string): Promise<string[]> {
  const queue = queueOf(connectionString, name);
  const texts: string[] = [];
  for (;;) {
    const { receivedMessageItems } = await queue.receiveMessages({
      numberOfMessages: 32,
      visibilityTimeout: 600,
    });
    if (receivedMessageItems.length === 0) return texts;
    texts.push(...receivedMessageItems.map(({ messageText }) => messageText));
  }
}

function rows(connectionString: string): TableClient {
  return TableClient.fromConnectionString(connectionString, 'passwordresets', {
    allowInsecureConnection: true,
  });
}

export function rowOf(connectionString: string, resetId: string) {
  return rows(connectionString).getEntity(resetId.slice(0, '20260101-00'.length), resetId);
}

/** A row past the app, as another version of it or another hand wrote it. */
export async function putRow({ facts }: TestStack, columns: object): Promise<string> {
  const resetId = `${new Date().toISOString().slice(0, 10).replaceAll('-', '')}-${randomUUID()}`;
  await rows(facts.storageConnectionString).createEntity({
    partitionKey: resetId.slice(0, '20260101-00'.length),
    rowKey: resetId,
    schemaVersion: 2,
    revision: randomUUID(),
    resetId,
    caller: 'helpdesk',
    customerTenantId: facts.samples.customerTenantId,
    userId: facts.samples.userId,
    delivery: 'none',
    forceChangePassword: true,
    acceptedAt: new Date(),
    attempts: 0,
    definiteAnswers: 0,
    refusedPasswords: 0,
    ...columns,
  });
  return resetId;
}
