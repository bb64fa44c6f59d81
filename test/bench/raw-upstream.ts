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

  const pathOf = ({ customerTenantId, userId }: BenchUser) =>
    `/customers/${customerTenantId}/users/${userId}`;

  async function patchPassword(user: BenchUser): Promise<void> {
    const password = `Aa1-${randomBytes(9).toString('base64url')}`;
    await call('PATCH', `${pathOf(user)}/resetpassword`, {
      passwordProfile: { password, forceChangePassword: true },
      attributes: { objectType: 'CustomerUser' },
    });
  }

  return {
    /** As a single reset calls: the user and its roles are read first. */
    async resetPassword(user: BenchUser): Promise<void> {
      const path = pathOf(user);
      await Promise.all([call('GET', path), call('GET', `${path}/directoryroles`)]);
      await patchPassword(user);
    },

    /** As a row of a bulk job calls: its user is known from a listing of the customer. */
    async resetListed(user: BenchUser): Promise<void> {
      await call('GET', `${pathOf(user)}/directoryroles`);
      await patchPassword(user);
    },

    listUsers: (customerTenantId: string): Promise<void> =>
      call('GET', `/customers/${customerTenantId}/users?size=500`),
  };
}
