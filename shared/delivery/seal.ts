import { z } from 'zod';
import {
  parseCustomerTenantId,
  parseUserId,
  parseUserReference,
  type UserReference,
} from '../password-reset/ids.js';
import type { EncryptedPassword, SealedRequest, Seals } from '../password-reset/ports.js';
import { deliveries } from '../password-reset/reset-row.js';
import { Secret } from '../platform/secret.js';
import type { Envelopes } from './envelopes.js';

/** Whoever changes it also raises `resetSchemaVersion`, so that older releases leave such rows alone. */
const contentSchema = z.strictObject({
  caller: z.string(),
  permission: z.enum(['reset', 'bulkReset']),
  delivery: z.enum(deliveries),
  recipientKeyId: z.string().exactOptional(),
  customerTenantId: z.string().transform(parseCustomerTenantId),
  user: z.string().transform(parseUserReference),
  password: z.string(),
  forceChangePassword: z.boolean(),
  isChosen: z.boolean(),
  reference: z.string().exactOptional(),
  acceptedAtMs: z.number(),
});

/** The same holds for this one. */
const encryptedSchema = z.strictObject({
  caller: z.string(),
  customerTenantId: z.string().transform(parseCustomerTenantId),
  userId: z.string().transform(parseUserId),
  reference: z.string().exactOptional(),
  acceptedAtMs: z.number(),
  encryptedPassword: z.string(),
});

/** Seals are envelopes about one reset: one that is copied to another row does not open there. */
export function createSeals({
  envelopes,
}: {
  readonly envelopes: Pick<Envelopes, 'seal' | 'open'>;
}): Seals {
  return {
    seal: (resetId, request, signal) => envelopes.seal(subjectOf(resetId), encode(request), signal),

    async open(resetId, seal, signal) {
      const content = await envelopes.open(subjectOf(resetId), seal, signal);
      return content && decode(content);
    },

    sealEncrypted: (resetId, password, signal) =>
      envelopes.seal(encryptedSubjectOf(resetId), encodeJson(password), signal),

    async openEncrypted(resetId, seal, signal) {
      const content = await envelopes.open(encryptedSubjectOf(resetId), seal, signal);
      return content && decodeEncrypted(content);
    },
  };
}

function subjectOf(resetId: string): string {
  return `password-reset/${resetId}`;
}

/** Tells it from the seal of the request, which is made with the same key for the same reset. */
function encryptedSubjectOf(resetId: string): string {
  return `encrypted-password/${resetId}`;
}

function encode({ passwordProfile, user, ...request }: SealedRequest): Uint8Array {
  const content: z.input<typeof contentSchema> = {
    ...request,
    user: userText(user),
    password: passwordProfile.password.reveal(),
    forceChangePassword: passwordProfile.forceChangePassword,
  };
  return encodeJson(content);
}

function encodeJson(content: object): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(content));
}

/** Undefined when it is not what this release seals: no later look at it would understand more. */
function decode(content: Uint8Array): SealedRequest | undefined {
  try {
    const { password, forceChangePassword, ...request } = contentSchema.parse(decodeJson(content));
    const passwordProfile = { password: new Secret(password), forceChangePassword };
    return { ...request, passwordProfile };
  } catch {
    return undefined;
  }
}

function decodeEncrypted(content: Uint8Array): EncryptedPassword | undefined {
  try {
    return encryptedSchema.parse(decodeJson(content));
  } catch {
    return undefined;
  }
}

function decodeJson(content: Uint8Array): unknown {
  return JSON.parse(new TextDecoder().decode(content));
}

function userText(user: UserReference): string {
  return user.kind === 'id' ? user.userId : user.userPrincipalName;
}
