import { Agent } from 'node:http';
import nodeFetch from 'node-fetch';
import type { BenchUser } from './bench-user.js';

const agent = new Agent({ keepAlive: true });

/** Resets over our API, called as the raw calls are. */
export function createApiResets({ apiUrl, apiKey }: { apiUrl: string; apiKey: string }) {
  return async ({ customerTenantId, userId }: BenchUser): Promise<void> => {
    const response = await nodeFetch(`${apiUrl}/password-resets`, {
      method: 'POST',
      agent,
      headers: { 'x-api-key': apiKey, 'content-type': 'application/json' },
      body: JSON.stringify({ customer: customerTenantId, user: userId, delivery: 'response' }),
    });
    JSON.parse(await response.text());
    if (response.status !== 200) throw new Error(`A reset answered ${response.status}`);
  };
}

/** What any call costs: the host, the library and the look at the API key. */
export function createApiCall({ apiUrl, apiKey }: { apiUrl: string; apiKey: string }) {
  return async (): Promise<void> => {
    const headers = { 'x-api-key': apiKey };
    const response = await nodeFetch(`${apiUrl}/whoami`, { agent, headers });
    JSON.parse(await response.text());
  };
}
