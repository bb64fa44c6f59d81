import { jsonReply, type LoopbackReply, type LoopbackRequest } from '../loopback-server.js';
import type { SecretOperation } from './secret-operation.js';
import {
  attributesReply,
  errorReply,
  secretItem,
  secretReply,
  versionItem,
} from './secret-replies.js';
import type { SecretProperties, SecretStore, SecretVersion } from './secret-store.js';

/** What an authorized request gets. */
export function answerSecretOperation(
  asked: SecretOperation,
  request: LoopbackRequest,
  store: SecretStore,
  url: string,
): LoopbackReply {
  if (asked.operation === 'list') {
    const newest = store
      .names()
      .map((name) => store.find(name))
      .filter(isPresent);
    return pageReply(
      newest.map((secret) => secretItem(url, secret)),
      request,
      url,
    );
  }
  if (!/^[0-9a-zA-Z-]{1,127}$/.test(asked.name)) {
    return errorReply(400, 'BadParameter', 'The request URI contains an invalid name.');
  }
  if (asked.operation === 'set') return set(asked.name, request.body, store, url);
  if (asked.operation === 'listVersions') {
    // By version, as a vault does: whoever wants the newest must look at the dates.
    const versions = [...store.versions(asked.name)].sort((left, right) =>
      left.version < right.version ? -1 : 1,
    );
    if (versions.length === 0) return notFound(asked.name);
    return pageReply(
      versions.map((version) => versionItem(url, version)),
      request,
      url,
    );
  }

  const secret = store.find(asked.name, asked.version);
  if (secret === undefined) return notFound(asked.name, asked.version);
  if (asked.operation === 'update') {
    const body = parseBody(request.body);
    if (body === undefined) return badBody();
    return attributesReply(url, store.update(secret, toProperties(body)));
  }
  if (secret.enabled) return secretReply(url, secret);
  return errorReply(
    403,
    'Forbidden',
    'Operation get is not allowed on a disabled secret.',
    'SecretDisabled',
  );
}

/** @see https://learn.microsoft.com/azure/key-vault/secrets/about-secrets */
const largestValueBytes = 25_600;
const pageSize = 25;

function set(name: string, text: string, store: SecretStore, url: string): LoopbackReply {
  const body = parseBody(text);
  if (typeof body?.['value'] !== 'string') return badBody();
  if (Buffer.byteLength(body['value']) > largestValueBytes) {
    return errorReply(400, 'BadParameter', 'The value exceeds 25600 bytes.');
  }
  return secretReply(url, store.set(name, body['value'], toProperties(body)));
}

function pageReply(
  items: readonly unknown[],
  { path, query }: LoopbackRequest,
  url: string,
): LoopbackReply {
  const size = Number(query.get('maxresults') ?? pageSize);
  if (!Number.isInteger(size) || size < 1 || size > pageSize) {
    return errorReply(400, 'BadParameter', `maxresults must be from 1 to ${pageSize}.`);
  }
  const from = Number(query.get('$skiptoken') ?? 0);
  const next = new URLSearchParams(query);
  next.set('$skiptoken', String(from + size));
  return jsonReply(200, {
    value: items.slice(from, from + size),
    nextLink: from + size < items.length ? `${url}${path}?${next.toString()}` : null,
  });
}

function notFound(name: string, version?: string): LoopbackReply {
  const id = version === undefined ? name : `${name}/${version}`;
  return errorReply(
    404,
    'SecretNotFound',
    `A secret with (name/id) ${id} was not found in this key vault.`,
  );
}

function badBody(): LoopbackReply {
  return errorReply(400, 'BadParameter', 'The request body is invalid.');
}

function parseBody(text: string): Record<string, unknown> | undefined {
  try {
    const body: unknown = JSON.parse(text);
    return typeof body === 'object' && body !== null
      ? (body as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

function toProperties(body: Record<string, unknown>): SecretProperties {
  const { enabled, nbf, exp } = (body['attributes'] ?? {}) as SecretProperties;
  const { tags, contentType } = body as SecretProperties;
  return {
    ...(enabled !== undefined && { enabled }),
    ...(nbf !== undefined && { nbf }),
    ...(exp !== undefined && { exp }),
    ...(tags !== undefined && { tags }),
    ...(contentType !== undefined && { contentType }),
  };
}

function isPresent(secret: SecretVersion | undefined): secret is SecretVersion {
  return secret !== undefined;
}
