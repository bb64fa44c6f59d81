import { QueueServiceClient } from '@azure/storage-queue';
import { BlobServiceClient } from '@azure/storage-blob';
import { createHash } from 'node:crypto';
import type { StackFacts } from './stack.js';

export interface ApiAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
}

/** Calls the API as a caller does: JSON over HTTP, with an API key. */
export function createApiClient({ apiUrl, callers }: StackFacts, callerName: string) {
  const apiKey = callers.find(({ name }) => name === callerName)?.apiKey ?? '';

  async function call(method: string, path: string, body?: object): Promise<ApiAnswer> {
    const response = await fetch(path.startsWith('http') ? path : `${apiUrl}${path}`, {
      method,
      headers: {
        'x-api-key': apiKey,
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      body: text === '' ? undefined : (JSON.parse(text) as unknown),
    };
  }

  return {
    get: (path: string) => call('GET', path),
    post: (path: string, body: object) => call('POST', path, body),
  };
}

/** Puts a message on the bulk queue, as another program does; resolves with the id of the job. */
export async function sendBulkJob(
  { storageConnectionString }: StackFacts,
  message: object,
): Promise<string> {
  const queue =
    QueueServiceClient.fromConnectionString(storageConnectionString).getQueueClient(
      'bulk-reset-jobs',
    );
  const text = Buffer.from(JSON.stringify(message)).toString('base64');
  const { messageId } = await queue.sendMessage(text);
  return messageId.toLowerCase();
}

/** Uploads a CSV to the inbox; resolves with how a message names it. */
export async function uploadCsv(
  { storageConnectionString }: StackFacts,
  name: string,
  csv: string | Buffer,
): Promise<{ name: string; sha256: string }> {
  const container =
    BlobServiceClient.fromConnectionString(storageConnectionString).getContainerClient(
      'bulk-inbox',
    );
  await container.getBlockBlobClient(name).upload(csv, Buffer.byteLength(csv));
  return { name, sha256: createHash('sha256').update(csv).digest('hex') };
}

/** Whether a password works is found out as a user would: by signing in. */
export async function passwordWorks(
  { entraAuthorityUrl }: StackFacts,
  user: { readonly tenant: string; readonly userPrincipalName: string; readonly password: string },
): Promise<boolean> {
  const response = await fetch(`${entraAuthorityUrl}/${user.tenant}/oauth2/v2.0/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'password',
      client_id: '1950a258-227b-4e31-a9cf-717495945fc2',
      scope: 'openid',
      username: user.userPrincipalName,
      password: user.password,
    }),
  });
  const { error_codes: codes = [] } = (await response.json()) as { error_codes?: number[] };
  if (response.ok) return true;
  // The password is right, and Entra asks to change it first.
  if (codes.includes(passwordMustBeChanged)) return true;
  if (codes.includes(wrongPassword)) return false;
  throw new Error(`The sign-in failed for another reason: AADSTS${codes.join(', ')}`);
}

const passwordMustBeChanged = 50055;
const wrongPassword = 50126;
