import type { QueueSettings } from './host-settings.js';

type Encoding = QueueSettings['messageEncoding'];

const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** What a message says, or undefined when it is not the base64 it should be. */
export function decodeQueueText(messageText: string, encoding: Encoding): Buffer | undefined {
  if (encoding === 'none') return Buffer.from(messageText);
  const text = messageText.replaceAll(/\s/g, '');
  return base64.test(text) ? Buffer.from(text, 'base64') : undefined;
}

export function encodeQueueText(content: string | Uint8Array, encoding: Encoding): string {
  return Buffer.from(content).toString(encoding === 'none' ? 'utf8' : 'base64');
}
