import type { DirectoryCustomer } from '../directory/directory.js';
import type { AccessToken } from './access-token.js';

type AuditedOperation =
  | 'create_customer_user'
  | 'update_customer_user'
  | 'delete_customer_user'
  | 'restore_customer_user'
  | 'reset_customer_user_password';

/** An audit record with the fields of the wire; never a password. */
export interface AuditRecord {
  readonly id: string;
  readonly partnerId: string;
  readonly customerId: string;
  readonly customerName: string;
  readonly userPrincipalName: string;
  readonly applicationId: string;
  readonly resourceType: 'customer_user';
  readonly operationType: AuditedOperation;
  /** The `MS-CorrelationId` of the call. */
  readonly originalCorrelationId: string;
  readonly operationDate: string;
  readonly operationStatus: 'succeeded';
  readonly customizedData: readonly { readonly key: string; readonly value: string }[];
  readonly attributes: { readonly objectType: 'AuditRecord' };
}

export interface AuditLog {
  /** Oldest first. */
  readonly records: readonly AuditRecord[];
  add(entry: {
    readonly operationType: AuditedOperation;
    readonly customer: DirectoryCustomer;
    readonly userId: string;
    readonly caller: AccessToken;
    readonly correlationId: string;
  }): void;
}

/** @see https://learn.microsoft.com/partner-center/developer/auditing-resources */
export function createAuditLog(now: () => number): AuditLog {
  const records: AuditRecord[] = [];
  return {
    records,
    add({ operationType, customer, userId, caller, correlationId }) {
      const atMs = now();
      const kind = operationType.replaceAll('_', '');
      records.push({
        id: `${caller.partnerTenantId}_${customer.tenantId}_${userId}_${kind}_${atMs}${records.length}`,
        partnerId: caller.partnerTenantId,
        customerId: customer.tenantId,
        customerName: customer.companyName,
        userPrincipalName: caller.userPrincipalName,
        applicationId: caller.applicationId,
        resourceType: 'customer_user',
        operationType,
        originalCorrelationId: correlationId,
        operationDate: new Date(atMs).toISOString(),
        operationStatus: 'succeeded',
        customizedData: [{ key: 'CustomerUserId', value: userId }],
        attributes: { objectType: 'AuditRecord' },
      });
    },
  };
}
