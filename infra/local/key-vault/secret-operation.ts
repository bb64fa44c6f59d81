import type { LoopbackRequest } from '../loopback-server.js';

/** What a request asks of the secrets data plane. */
export type SecretOperation =
  | { readonly operation: 'list' }
  | { readonly operation: 'listVersions'; readonly name: string }
  | { readonly operation: 'set'; readonly name: string }
  | { readonly operation: 'get' | 'update'; readonly name: string; readonly version?: string };

export const operations: readonly SecretOperation['operation'][] = [
  'get',
  'set',
  'list',
  'listVersions',
  'update',
];

/**
 * Undefined when the path or method is none of them. The newest version is asked for as
 * `/secrets/{name}`, or with a trailing slash, as Azure's clients do.
 *
 * @see https://learn.microsoft.com/rest/api/keyvault/secrets/operation-groups
 */
export function parseSecretOperation({
  method,
  path,
}: Pick<LoopbackRequest, 'method' | 'path'>): SecretOperation | undefined {
  const match = /^\/secrets(?:\/([^/]+)(?:\/([^/]*))?)?$/i.exec(path);
  if (match === null) return undefined;
  const [, name, version] = match;

  if (name === undefined) return method === 'GET' ? { operation: 'list' } : undefined;
  if (method === 'PUT') return version ? undefined : { operation: 'set', name };
  if (version === 'versions') {
    return method === 'GET' ? { operation: 'listVersions', name } : undefined;
  }
  if (method !== 'GET' && method !== 'PATCH') return undefined;
  return { operation: method === 'GET' ? 'get' : 'update', name, ...(version && { version }) };
}
