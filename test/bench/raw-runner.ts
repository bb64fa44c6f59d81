import { fork } from 'node:child_process';
import { once } from 'node:events';
import type { Stack } from '../../infra/local/stack.js';
import type { RawResult, RawTask } from './raw-process.js';
import type { RawUser } from './raw-upstream.js';

export interface RawRunner {
  run(users: readonly RawUser[], kind: 'single' | 'bulk'): Promise<RawResult>;
  stop(): void;
}

/** Runs the raw calls against the same stack that the app uses. */
export async function startRawRunner({ facts, keyVault }: Stack): Promise<RawRunner> {
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
  const child = fork('build/bench-raw.mjs');

  return {
    async run(users, kind) {
      const task: RawTask = {
        partnerCenterUrl: facts.partnerCenterUrl,
        accessToken,
        users,
        ...(kind === 'bulk' && { storageConnectionString: facts.storageConnectionString }),
      };
      child.send(task);
      const [result] = (await once(child, 'message')) as [RawResult];
      return result;
    },
    stop: () => void child.kill(),
  };
}
