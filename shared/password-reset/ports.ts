import type { Secret } from '../platform/secret.js';
import type {
  CustomerDomain,
  CustomerTenantId,
  UserId,
  UserPrincipalName,
  UserReference,
} from './ids.js';
import type { Delivery, ResetRow } from './reset-row.js';

/** The partner's customers. */
export interface Customers {
  /**
   * The customer whose domain equals this one, or undefined.
   *
   * @throws {@link ResetError} `Throttled`, `PartnerCenterUnavailable`, or a sign-in code
   */
  findByDomain(domain: CustomerDomain, signal: AbortSignal): Promise<CustomerTenantId | undefined>;
}

/** A user as far as a reset must know: may it be done, and what must its password not contain. */
export interface CustomerUser {
  readonly userId: UserId;
  readonly userPrincipalName: UserPrincipalName;
  readonly isDeleted: boolean;
  readonly isFederated: boolean;
  readonly isSynchronized: boolean;
}

/** The users of one customer. */
export interface CustomerUsers {
  /** @throws {@link ResetError} `UserNotFound`, `CustomerNotFound`, or any code of a read */
  get(
    user: { readonly customerTenantId: CustomerTenantId; readonly userId: UserId },
    signal: AbortSignal,
  ): Promise<CustomerUser>;

  /** @throws {@link ResetError} `UserNotFound`, `CustomerNotFound`, or any code of a read */
  findBySignInName(
    user: {
      readonly customerTenantId: CustomerTenantId;
      readonly userPrincipalName: UserPrincipalName;
    },
    signal: AbortSignal,
  ): Promise<CustomerUser>;

  /**
   * Names of the directory roles that the user holds; empty for a plain user.
   *
   * @throws {@link ResetError} any code of a read
   */
  directoryRoles(
    user: { readonly customerTenantId: CustomerTenantId; readonly userId: UserId },
    signal: AbortSignal,
  ): Promise<readonly string[]>;

  /**
   * Sends the reset once; it is never repeated here.
   *
   * @throws {@link ResetError} with any upstream code; `OutcomeUnknown` when it may have been applied
   */
  resetPassword(request: ResetRequest, signal: AbortSignal): Promise<void>;
}

export interface ResetRequest {
  readonly customerTenantId: CustomerTenantId;
  readonly userId: UserId;
  readonly passwordProfile: PasswordProfile;
  /** The same when a lost answer is asked for again, a new one after any answer. */
  readonly requestId: string;
}

/** Spelled as the API spells it. */
export interface PasswordProfile {
  readonly password: Secret;
  readonly forceChangePassword: boolean;
}

/** What a worker acts on: sealed at acceptance, so that write access to storage forges nothing. */
export interface SealedRequest {
  readonly caller: string;
  readonly permission: 'reset' | 'bulkReset';
  readonly delivery: Delivery;
  readonly customerTenantId: CustomerTenantId;
  readonly user: UserReference;
  readonly passwordProfile: PasswordProfile;
  /** True when the caller chose the password. */
  readonly isChosen: boolean;
}

/** The encrypted envelope of one request and its password, bound to one reset. */
export interface Seals {
  /** @throws {@link ResetError} `KeyVaultUnavailable`, `AppMisconfigured` */
  seal(resetId: string, request: SealedRequest, signal: AbortSignal): Promise<string>;
  /** Rejects with a plain error when the seal was made for another reset, or damaged. */
  open(resetId: string, seal: string, signal: AbortSignal): Promise<SealedRequest>;
}

/**
 * May this caller, as things stand now, do this at all, and to this customer?
 *
 * @throws {@link ResetError} `PermissionDenied`; `CustomerNotFound` for a customer out of scope
 */
export type Authorize = (
  request: Pick<SealedRequest, 'caller' | 'permission' | 'isChosen'> &
    Partial<Pick<SealedRequest, 'customerTenantId'>>,
  signal: AbortSignal,
) => Promise<void>;

export interface Stored<Row extends ResetRow = ResetRow> {
  readonly row: Row;
  readonly etag: string;
}

/** Where the rows are. Every write is conditional; none is lost or made twice unnoticed. */
export interface ResetStore {
  /** @throws {@link ResetError} `StorageUnavailable` */
  create<Row extends ResetRow>(row: Row): Promise<Stored<Row>>;
  /**
   * Creates rows of one job, all with the same partition, at most 100. Rows that exist already stay as they are.
   *
   * @throws {@link ResetError} `StorageUnavailable`
   */
  createMany(rows: readonly ResetRow[]): Promise<void>;
  /** @throws {@link ResetError} `StorageUnavailable` */
  read(resetId: string): Promise<Stored | undefined>;
  /**
   * Replaces the row if it is still the one that was read; otherwise `conflict`, and nothing was written.
   *
   * @throws {@link ResetError} `StorageUnavailable`
   */
  replace<Row extends ResetRow>(row: Row, etag: string): Promise<Stored<Row> | 'conflict'>;
}

/** Messages that say "look at this row". They may be lost, doubled, late or forged without harm. */
export interface WakeUps {
  /** @throws {@link ResetError} `StorageUnavailable` */
  send(resetId: string, delayMs: number): Promise<void>;
}
