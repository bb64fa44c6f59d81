import { fork } from 'node:child_process';
import { once } from 'node:events';
import type { Stack } from '../../infra/local/stack.js';
import type { BenchUser } from './bench-user.js';
import type { ClientResult, ClientTask } from './client-process.js';

export interface ClientRunner {
  run(kind: ClientTask['kind'], users: readonly BenchUser[]): Promise<ClientResult>;
  stop(): void;
}

/** Makes the timed calls, ours and the raw ones, against the same stack. */
export async function startClientRunner(stack: Stack): Promise<ClientRunner> {
  const { facts } = stack;
  const apiKey = facts.callers.find(({ name }) => name === 'helpdesk')?.apiKey ?? '';
  const accessToken = await getAccessToken(stack);
  const child = fork('build/bench-client.mjs');

  return {
    async run(kind, users) {
      const { apiUrl, partnerCenterUrl, storageConnectionString } = facts;
      const task: ClientTask = {
        kind,
        users,
        apiUrl,
        apiKey,
        partnerCenterUrl,
        accessToken,
        storageConnectionString,
      };
      child.send(task);
      const [result] = (await once(child, 'message')) as [ClientResult];
      return result;
    },
    stop: () => void child.kill(),
  };
}

async function getAccessToken({ facts, keyVault }: Stack): Promise<string> {
  const { PARTNER_TENANT_ID: tenant = '', PARTNER_CLIENT_ID: clientId = '' } = facts.settings;
  const response = await fetch(`${facts.entraAuthorityUrl}/${tenant}/oauth2/v2.0/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'refresh_token',
      client_id: clientId,
      client_secret: keyVault.secrets.get('partner-client-secret') ?? '',
      refresh_token: keyVault.secrets.get('partner-refresh-token') ?? '',
      scope: 'https://api.partnercenter.microsoft.com/user_impersonation',
    }),
  });
  const { access_token: accessToken } = (await response.json()) as { access_token: string };
  return accessToken;
}
