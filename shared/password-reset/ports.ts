import type { Secret } from '../platform/secret.js';
import type {
  CustomerDomain,
  CustomerTenantId,
  UserId,
  UserPrincipalName,
  UserReference,
} from './ids.js';
import type { AppliedRow, Delivery, OpenRow, ResetRow } from './reset-row.js';

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
  /** Only for delivery `recipientKey`: the `kid` of the key. */
  readonly recipientKeyId?: string;
  readonly customerTenantId: CustomerTenantId;
  /** By id once the password was set. */
  readonly user: UserReference;
  readonly passwordProfile: PasswordProfile;
  /** True when the caller chose the password. */
  readonly isChosen: boolean;
  /** The caller's own: it is told in the audit. */
  readonly reference?: string;
  /** As in the row: a row that somebody puts back later is not carried out again. */
  readonly acceptedAtMs: number;
}

/**
 * A password that only its recipient can read, and whose it is. Anybody can encrypt to a public key, so this is
 * sealed, too: nobody puts a password of their own in its place.
 */
export interface EncryptedPassword extends Pick<
  SealedRequest,
  'caller' | 'customerTenantId' | 'reference' | 'acceptedAtMs'
> {
  readonly userId: UserId;
  /** A compact JWE. */
  readonly encryptedPassword: string;
}

/** The encrypted envelope of one request and its password, bound to one reset. */
export interface Seals {
  /** @throws {@link ResetError} `KeyVaultUnavailable`, `AppMisconfigured` */
  seal(resetId: string, request: SealedRequest, signal: AbortSignal): Promise<string>;
  /**
   * Undefined when it is no seal of ours, was made for another reset, or says what this release does not
   * understand.
   *
   * @throws {@link ResetError} `KeyVaultUnavailable`, `AppMisconfigured`
   */
  open(resetId: string, seal: string, signal: AbortSignal): Promise<SealedRequest | undefined>;
  /** @throws {@link ResetError} `KeyVaultUnavailable`, `AppMisconfigured` */
  sealEncrypted(resetId: string, password: EncryptedPassword, signal: AbortSignal): Promise<string>;
  /**
   * Undefined as for `open`, and for the seal of a request.
   *
   * @throws {@link ResetError} `KeyVaultUnavailable`, `AppMisconfigured`
   */
  openEncrypted(
    resetId: string,
    seal: string,
    signal: AbortSignal,
  ): Promise<EncryptedPassword | undefined>;
}

/**
 * May this caller, as things stand now, do this at all, and to this customer?
 *
 * @throws {@link ResetError} `PermissionDenied`; `CustomerNotFound` for a customer out of scope;
 * `RecipientKeyNotFound`
 */
export type Authorize = (
  request: Pick<
    SealedRequest,
    'caller' | 'permission' | 'isChosen' | 'delivery' | 'recipientKeyId'
  > &
    Partial<Pick<SealedRequest, 'customerTenantId'>>,
  signal: AbortSignal,
) => Promise<Grant>;

/** What a caller may do beyond the request itself. */
export interface Grant {
  readonly mayResetAdmins: boolean;
}

/**
 * Counts users that are to be reset against what the caller may reset in a day. A job is counted once a day,
 * however often it is asked.
 *
 * @throws {@link ResetError} `DailyCapReached`, `StorageUnavailable`
 */
export type ReserveResets = (
  reservation: { readonly caller: string; readonly resets: number; readonly bulkResetId?: string },
  signal: AbortSignal,
) => Promise<void>;

/**
 * When the caller took back the passwords of the whole job to which a reset belongs; undefined if it did
 * not, and for a single reset.
 *
 * @throws {@link ResetError} `StorageUnavailable`
 */
export type WithdrawnAt = (resetId: string) => Promise<number | undefined>;

export interface Stored<Row extends ResetRow = ResetRow> {
  readonly row: Row;
  readonly etag: string;
}

/** Where the rows are. Every write is conditional; none is lost or made twice unnoticed. */
export interface ResetStore {
  /**
   * `exists` when there is another row under this id already; nothing was written then.
   *
   * @throws {@link ResetError} `StorageUnavailable`
   */
  create<Row extends ResetRow>(row: Row): Promise<Stored<Row> | 'exists'>;
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
  /**
   * Replaces rows with the same partition, at most 100. Those that are not the ones that were read stay as
   * they are, and only the others are answered.
   *
   * @throws {@link ResetError} `StorageUnavailable`
   */
  replaceMany<Row extends ResetRow>(rows: readonly Stored<Row>[]): Promise<readonly Row[]>;
}

/** The single resets by day of acceptance, for those who look after them. */
export interface SingleResets {
  /** Rows that are not settled, accepted on this day (UTC) or up to `days - 1` before it. */
  open(days: { readonly lastDayMs: number; readonly days: number }): AsyncIterable<Stored<OpenRow>>;
  /** Applied rows accepted on that day (UTC) that still hold their password in some form. */
  withPassword(dayMs: number): AsyncIterable<Stored<AppliedRow>>;
  /** Deletes every row accepted before that day (UTC). */
  deleteBefore(dayMs: number): Promise<void>;
}

export interface UserKey {
  readonly customerTenantId: CustomerTenantId;
  readonly userId: UserId;
}

/**
 * Which reset of a user is the newest that has begun. The entry is never removed: the next reset of
 * the user takes it over.
 */
export interface UserLocks {
  /** The entry as it is now: with this reset if there was none. */
  createOrRead(user: UserKey, resetId: string): Promise<UserLock>;
  read(user: UserKey): Promise<UserLock | undefined>;
  /** `conflict` when somebody else changed it meanwhile; nothing was written then. */
  replace(user: UserKey, entry: UserLockEntry, etag: string): Promise<UserLock | 'conflict'>;
}

export interface UserLockEntry {
  readonly resetId: string;
  /** The last of the resets before that one which was applied, or may have been. */
  readonly applied?: { readonly resetId: string; readonly acceptedAtMs: number };
}

export interface UserLock extends UserLockEntry {
  readonly etag: string;
}

/** What holds for every instance: the stop switch, and until when nothing may be sent to whom. */
export interface Control {
  /** As of at most two seconds ago. */
  read(signal: AbortSignal): Promise<ControlState>;
  /** Sends nothing for this customer, or for anybody, until then. A brake is only ever lengthened. */
  brake(scope: BrakeScope, untilMs: number): Promise<void>;
}

export type BrakeScope = 'partner' | CustomerTenantId;

export interface ControlState {
  readonly isHalted: boolean;
  /** Brakes that were set, some of them over by now. */
  readonly brakedUntilMs: ReadonlyMap<BrakeScope, number>;
}

/** Which reset an idempotency key stands for. */
export interface IdempotencyKeys {
  /** The entry as it is now: this one if there was none, or only one that has expired. */
  createOrRead(key: IdempotencyKey, entry: IdempotencyEntry): Promise<IdempotencyEntry>;
}

export interface IdempotencyKey {
  readonly caller: string;
  readonly key: string;
}

export interface IdempotencyEntry {
  readonly resetId: string;
  /** Tells another request from the same one again, without telling anything about it. */
  readonly fingerprint: string;
  readonly createdAtMs: number;
}

/** Messages that say "look at this row". They may be lost, doubled, late or forged without harm. */
export interface WakeUps {
  /** @throws {@link ResetError} `StorageUnavailable` */
  send(resetId: string, delayMs: number): Promise<void>;
}
