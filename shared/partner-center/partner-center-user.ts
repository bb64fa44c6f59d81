import { z } from 'zod';
import { isGuid, parseUserId, type UserPrincipalName } from '../password-reset/ids.js';
import type { CustomerUser } from '../password-reset/ports.js';

/** @see https://learn.microsoft.com/partner-center/developer/user-resources */
export interface PartnerCenterUser extends CustomerUser {
  readonly displayName: string | undefined;
  readonly firstName: string | undefined;
  readonly lastName: string | undefined;
  readonly usageLocation: string | undefined;
}

const text = z
  .string()
  .nullish()
  .transform((value) => value ?? undefined);

/** Fields that are null are often left out, so both mean the same. */
export const partnerCenterUser = z
  .object({
    id: z.string().refine(isGuid).transform(parseUserId),
    userPrincipalName: z.string().min(1),
    displayName: text,
    firstName: text,
    lastName: text,
    usageLocation: text,
    state: text,
    userDomainType: text,
    lastDirectorySyncTime: text,
  })
  .transform(
    ({
      id,
      userPrincipalName,
      state,
      userDomainType,
      lastDirectorySyncTime,
      ...profile
    }): PartnerCenterUser => ({
      ...profile,
      userId: id,
      userPrincipalName: userPrincipalName as UserPrincipalName,
      // Soft-deleted; a blocked sign-in does not show.
      isDeleted: state?.toLowerCase() === 'inactive',
      isFederated: userDomainType?.toLowerCase() === 'federated',
      isSynchronized: lastDirectorySyncTime !== undefined,
    }),
  );
