import { z } from 'zod';
import {
  parseCustomerTenantId,
  parseUserReference,
  type UserReference,
} from '../password-reset/ids.js';
import type { SealedRequest, Seals } from '../password-reset/ports.js';
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
  acceptedAtMs: z.number(),
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
  };
}

function subjectOf(resetId: string): string {
  return `password-reset/${resetId}`;
}

function encode({ passwordProfile, user, ...request }: SealedRequest): Uint8Array {
  const content: z.input<typeof contentSchema> = {
    ...request,
    user: userText(user),
    password: passwordProfile.password.reveal(),
    forceChangePassword: passwordProfile.forceChangePassword,
  };
  return new TextEncoder().encode(JSON.stringify(content));
}

/** Undefined when it is not what this release seals: no later look at it would understand more. */
function decode(content: Uint8Array): SealedRequest | undefined {
  try {
    const { password, forceChangePassword, ...request } = contentSchema.parse(
      JSON.parse(new TextDecoder().decode(content)),
    );
    const passwordProfile = { password: new Secret(password), forceChangePassword };
    return { ...request, passwordProfile };
  } catch {
    return undefined;
  }
}

function userText(user: UserReference): string {
  return user.kind === 'id' ? user.userId : user.userPrincipalName;
}
