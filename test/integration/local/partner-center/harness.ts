import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT, type JWTPayload } from 'jose';
import type { Directory, DirectoryCustomer } from '../../../../infra/local/directory/directory.js';
import type { DirectoryUser } from '../../../../infra/local/directory/directory-user.js';
import { generateDirectory } from '../../../../infra/local/directory/generate-directory.js';
import {
  startPartnerCenter,
  type PartnerCenterOptions,
  type PartnerCenterStandIn,
} from '../../../../infra/local/partner-center/server.js';

const audience = 'https://api.partnercenter.microsoft.com';
export const partnerTenantId = '9daaeb1c-4195-4db5-9f1d-509eb70c8c2d';
export const issuer = `https://sts.windows.net/${partnerTenantId}/`;
export const goodPassword = 'Renew456*';

export interface TokenIssuer {
  readonly jwksUrl: string;
  /** A token that Partner Center accepts, but for the claims given here. */
  issue(claims?: JWTPayload): Promise<string>;
  close(): Promise<void>;
}

export async function startTokenIssuer(): Promise<TokenIssuer> {
  const { publicKey, privateKey } = await generateKeyPair('RS256');
  const key = { ...(await exportJWK(publicKey)), kid: 'key-1', alg: 'RS256', use: 'sig' };
  const server = createServer((_request, response) => {
    response.writeHead(200, { 'Content-Type': 'application/json' });
    response.end(JSON.stringify({ keys: [key] }));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const nowSeconds = Math.floor(Date.now() / 1000);
  const usual: JWTPayload = {
    iss: issuer,
    aud: audience,
    iat: nowSeconds,
    exp: nowSeconds + 3600,
    tid: partnerTenantId,
    appid: '4990cffe-04e8-4e8b-808a-1175604b879f',
    upn: 'service@partner.example',
    scp: 'user_impersonation',
    amr: ['pwd', 'mfa'],
  };
  return {
    jwksUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/keys`,
    issue: (claims = {}) =>
      new SignJWT({ ...usual, ...claims })
        .setProtectedHeader({ alg: 'RS256', kid: 'key-1' })
        .sign(privateKey),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

interface Answer {
  readonly status: number;
  readonly statusText: string;
  readonly headers: Headers;
  readonly text: string;
  /** The body as JSON; only when it is. */
  readonly json: unknown;
}

interface Send {
  readonly method?: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

export interface Harness {
  readonly standIn: PartnerCenterStandIn;
  readonly directory: Directory;
  readonly customer: DirectoryCustomer;
  readonly user: DirectoryUser;
  /** Path of a user; by default the plain one. */
  readonly userPath: (user?: DirectoryUser) => string;
  /** One call with a good token. */
  readonly send: (path: string, options?: Send) => Promise<Answer>;
  /** A reset on the current route, of the plain user by default. */
  readonly reset: (
    options?: Send & { readonly password?: string; readonly user?: DirectoryUser },
  ) => Promise<Answer>;
  /** Whether this password signs the user in. */
  readonly works: (password: string, user?: DirectoryUser) => boolean;
}

export async function startHarness(
  tokens: TokenIssuer,
  options: Partial<PartnerCenterOptions> = {},
): Promise<Harness> {
  const directory =
    options.directory ?? generateDirectory({ seed: 7, customers: 3, nowMs: Date.now() });
  const standIn = await startPartnerCenter({ jwksUrl: tokens.jwksUrl, ...options, directory });
  const token = await tokens.issue();
  const customer = first(directory.customers.values());
  const user = first(customer.users.values());
  const userPath = (one = user) => `/v1/customers/${customer.tenantId}/users/${one.id}`;

  const send = async (path: string, { method = 'GET', body, headers, signal }: Send = {}) => {
    const response = await fetch(standIn.url + path, {
      method,
      headers: { Accept: 'application/json', Authorization: `Bearer ${token}`, ...headers },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      ...(signal !== undefined && { signal }),
    });
    const { status, statusText } = response;
    const bytes = Buffer.from(await response.arrayBuffer());
    const text = bytes.toString();
    return { status, statusText, headers: response.headers, text, json: parse(text) };
  };

  return {
    standIn,
    directory,
    customer,
    user,
    userPath,
    send,
    reset: ({ password = goodPassword, user: one = user, ...rest } = {}) =>
      send(`${userPath(one)}/resetpassword`, {
        method: 'PATCH',
        body: {
          passwordProfile: { password, forceChangePassword: false },
          attributes: { objectType: 'CustomerUser' },
        },
        ...rest,
      }),
    works: (password, { userPrincipalName } = user) =>
      directory.signIn({ tenant: customer.tenantId, userPrincipalName, password }) === 'signedIn',
  };
}

/** The first user of whom it holds. */
export function userWith(
  customer: DirectoryCustomer,
  holds: (user: DirectoryUser) => boolean,
): DirectoryUser {
  return first([...customer.users.values()].filter(holds));
}

function first<T>(values: Iterable<T>): T {
  for (const value of values) return value;
  throw new RangeError('there is none');
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
