import { jsonReply, type LoopbackReply } from '../loopback-server.js';
import type { SecretVersion } from './secret-store.js';

/** The bundle that get, set and update answer with. */
export function secretReply(url: string, secret: SecretVersion): LoopbackReply {
  return jsonReply(200, {
    value: secret.value,
    ...describe(secret, `${url}/secrets/${secret.name}/${secret.version}`),
  });
}

/** Update answers without the value. */
export function attributesReply(url: string, secret: SecretVersion): LoopbackReply {
  return jsonReply(200, describe(secret, `${url}/secrets/${secret.name}/${secret.version}`));
}

/** The newest versions of secrets, whose ids name no version. */
export function secretItem(url: string, secret: SecretVersion): Record<string, unknown> {
  return describe(secret, `${url}/secrets/${secret.name}`);
}

export function versionItem(url: string, secret: SecretVersion): Record<string, unknown> {
  return describe(secret, `${url}/secrets/${secret.name}/${secret.version}`);
}

export function errorReply(
  status: number,
  code: string,
  message: string,
  innerCode?: string,
): LoopbackReply {
  const innererror = innerCode !== undefined && { innererror: { code: innerCode } };
  return jsonReply(status, { error: { code, message, ...innererror } });
}

/**
 * 401 with the challenge from which a client learns where and for what to get a token.
 *
 * @see https://learn.microsoft.com/azure/key-vault/general/authentication-requests-and-responses
 */
export function challengeReply(message: string): LoopbackReply {
  const challenge =
    'Bearer authorization="https://login.microsoftonline.com/common", resource="https://vault.azure.net"';
  return jsonReply(
    401,
    { error: { code: 'Unauthorized', message } },
    { 'www-authenticate': challenge },
  );
}

function describe(secret: SecretVersion, id: string): Record<string, unknown> {
  const { enabled, createdMs, updatedMs, nbf, exp, tags, contentType } = secret;
  return {
    id,
    ...(contentType !== undefined && { contentType }),
    attributes: {
      enabled,
      ...(nbf !== undefined && { nbf }),
      ...(exp !== undefined && { exp }),
      created: Math.floor(createdMs / 1000),
      updated: Math.floor(updatedMs / 1000),
      recoveryLevel: 'Recoverable+Purgeable',
      recoverableDays: 90,
    },
    ...(tags !== undefined && { tags }),
  };
}
