import type { QueueClient } from '@azure/storage-queue';
import type { Binding, FunctionMetadata, InvocationResponse, TypedData } from './core-module.js';
import type { QueueSettings } from './host-settings.js';
import { encodeQueueText } from './queue-text.js';
import { queueServiceOf } from './storage-connection.js';
import { bindingText } from './trigger.js';

/** Sends what a function put into its outputs. A failure to do so is a failure of the function. */
export type WriteOutputs = (
  metadata: FunctionMetadata,
  response: InvocationResponse,
) => Promise<void>;

export interface OutputDependencies {
  readonly settings: QueueSettings;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** @see https://learn.microsoft.com/azure/azure-functions/functions-bindings-storage-queue-output */
export function createWriteOutputs({ settings, env }: OutputDependencies): WriteOutputs {
  return async ({ bindings }, { outputData, returnValue }) => {
    const outputs = [
      ...(outputData ?? []),
      ...(returnValue ? [{ name: '$return', data: returnValue }] : []),
    ];
    for (const { name, data } of outputs) {
      const binding = bindings[name];
      if (binding?.type !== 'queue') continue;
      const queue = outputQueue(binding, env);
      for (const content of toMessages(data)) {
        await sendCreatingQueue(queue, encodeQueueText(content, settings.messageEncoding));
      }
    }
  };
}

/** @throws TypeError when its queue or connection is not set */
export function outputQueue(binding: Binding, env: OutputDependencies['env']): QueueClient {
  return queueServiceOf(binding, env).getQueueClient(bindingText(binding, 'queueName', env));
}

/** An array is several messages; anything else is one. */
function toMessages({ string, json, bytes, int, double }: TypedData): (string | Uint8Array)[] {
  if (bytes) return [bytes];
  if (typeof json !== 'string') return [string ?? String(int ?? double ?? '')];
  const value: unknown = JSON.parse(json);
  if (!Array.isArray(value)) return [json];
  return value.map((item) => (typeof item === 'string' ? item : JSON.stringify(item)));
}

/** Sends text as it stands, and creates the queue when that is what is missing. */
export async function sendCreatingQueue(queue: QueueClient, messageText: string): Promise<void> {
  try {
    await queue.sendMessage(messageText);
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'QueueNotFound') throw error;
    await queue.createIfNotExists();
    await queue.sendMessage(messageText);
  }
}
