import { Agent } from 'node:http';
import { randomBytes, randomUUID } from 'node:crypto';
import nodeFetch from 'node-fetch';
import type { BenchUser } from './bench-user.js';

export interface RawUpstreamOptions {
  readonly partnerCenterUrl: string;
  readonly accessToken: string;
}

const agent = new Agent({ keepAlive: true });

/** The calls that one reset makes, with nothing around them but a keep-alive agent. */
export function createRawUpstream({ partnerCenterUrl, accessToken }: RawUpstreamOptions) {
  async function call(method: string, path: string, body?: object): Promise<void> {
    const response = await nodeFetch(`${partnerCenterUrl}/v1${path}`, {
      method,
      agent,
      headers: {
        authorization: `Bearer ${accessToken}`,
        accept: 'application/json',
        'content-type': 'application/json',
        'ms-requestid': randomUUID(),
        'ms-correlationid': randomUUID(),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    JSON.parse(await response.text());
    if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}`);
  }

  return {
    resetPassword: async ({ customerTenantId, userId }: BenchUser): Promise<void> => {
      const user = `/customers/${customerTenantId}/users/${userId}`;
      await Promise.all([call('GET', user), call('GET', `${user}/directoryroles`)]);
      const password = `Aa1-${randomBytes(9).toString('base64url')}`;
      await call('PATCH', `${user}/resetpassword`, {
        passwordProfile: { password, forceChangePassword: true },
        attributes: { objectType: 'CustomerUser' },
      });
    },
  };
}
