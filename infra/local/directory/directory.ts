import { announceSecret } from '../announcements.js';
import type { DirectoryUser } from './directory-user.js';
import { findPasswordProblem } from './password-rules.js';

export interface DirectoryCustomer {
  readonly tenantId: string;
  /** The default domain, one of `domains`. */
  readonly domain: string;
  readonly domains: readonly string[];
  /** Those of `domains` whose sign-in happens at an identity provider of the customer. */
  readonly federatedDomains: readonly string[];
  readonly companyName: string;
  /** With `none` Partner Center hides the customer and refuses to touch it. */
  relationshipToPartner: 'none' | 'reseller' | 'advisor' | 'syndication' | 'microsoft_support';
  /** By id. */
  readonly users: ReadonlyMap<string, DirectoryUser>;
}

export interface PasswordChange {
  readonly password: string;
  readonly atMs: number;
  readonly by: 'seed' | 'partner-center' | 'user';
  /** The `MS-RequestId` of the reset. */
  readonly requestId?: string;
}

export interface SignIn {
  /** Id or any domain of the tenant. */
  readonly tenant: string;
  readonly userPrincipalName: string;
  readonly password: string;
}

export type SignInOutcome =
  | 'signedIn'
  | 'mustChangePassword'
  | 'wrongPassword'
  | 'unknownUser'
  | 'blocked'
  | 'deleted'
  | 'federated'
  | 'unknownTenant';

export type OwnPasswordChangeOutcome =
  Exclude<SignInOutcome, 'signedIn' | 'mustChangePassword'> | 'changed' | 'notAcceptable';

interface Tenant {
  readonly customer: DirectoryCustomer;
  readonly users: Map<string, DirectoryUser>;
  /** By sign-in name in lower case. */
  readonly usersBySignInName: Map<string, DirectoryUser>;
}

/**
 * The customers' directories: who exists, and which password works now. Ids, domains and sign-in
 * names are found without regard to case.
 */
export class Directory {
  readonly #tenants = new Map<string, Tenant>();
  readonly #tenantsByDomain = new Map<string, Tenant>();
  readonly #passwords = new WeakMap<DirectoryUser, PasswordChange[]>();
  readonly #customers = new Map<string, DirectoryCustomer>();

  /** By tenant id. */
  get customers(): ReadonlyMap<string, DirectoryCustomer> {
    return this.#customers;
  }

  addCustomer(details: Omit<DirectoryCustomer, 'users'>): DirectoryCustomer {
    const users = new Map<string, DirectoryUser>();
    const customer: DirectoryCustomer = { ...details, users };
    const tenant: Tenant = { customer, users, usersBySignInName: new Map() };
    this.#customers.set(customer.tenantId, customer);
    this.#tenants.set(customer.tenantId, tenant);
    for (const domain of customer.domains) this.#tenantsByDomain.set(domain.toLowerCase(), tenant);
    return customer;
  }

  addUser(tenantId: string, user: DirectoryUser, seed: PasswordChange): void {
    const tenant = this.#tenant(tenantId);
    tenant.users.set(user.id, user);
    tenant.usersBySignInName.set(user.userPrincipalName.toLowerCase(), user);
    this.#passwords.set(user, [seed]);
    announceSecret('sign-in name', user.userPrincipalName);
  }

  findCustomer(tenantIdOrDomain: string): DirectoryCustomer | undefined {
    return this.#findTenant(tenantIdOrDomain)?.customer;
  }

  findUser(tenantId: string, idOrUserPrincipalName: string): DirectoryUser | undefined {
    const name = idOrUserPrincipalName.toLowerCase();
    const tenant = this.#tenants.get(tenantId.toLowerCase());
    return tenant?.users.get(name) ?? tenant?.usersBySignInName.get(name);
  }

  updateUser(tenantId: string, userId: string, changes: Partial<Omit<DirectoryUser, 'id'>>): void {
    const { usersBySignInName } = this.#tenant(tenantId);
    const user = this.#user(tenantId, userId);
    const formerName = user.userPrincipalName.toLowerCase();
    // A deleted user's name may belong to somebody else by now.
    if (usersBySignInName.get(formerName) === user) usersBySignInName.delete(formerName);
    Object.assign(user, changes);
    usersBySignInName.set(user.userPrincipalName.toLowerCase(), user);
    announceSecret('sign-in name', user.userPrincipalName);
  }

  setPassword(
    tenantId: string,
    userId: string,
    change: PasswordChange,
    mustChangePassword: boolean,
  ): void {
    const user = this.#user(tenantId, userId);
    announceSecret('password', change.password);
    this.#passwords.get(user)?.push(change);
    user.mustChangePassword = mustChangePassword;
  }

  /** Oldest first; the last one is the password that works. */
  passwordHistory(tenantId: string, userId: string): readonly PasswordChange[] {
    return this.#passwords.get(this.#user(tenantId, userId)) ?? [];
  }

  signIn({ tenant: name, userPrincipalName, password }: SignIn): SignInOutcome {
    const tenant = this.#findTenant(name);
    if (tenant === undefined) return 'unknownTenant';
    const user = tenant.usersBySignInName.get(userPrincipalName.toLowerCase());
    if (user === undefined) return 'unknownUser';
    if (user.state === 'inactive') return 'deleted';
    if (user.userDomainType === 'federated') return 'federated';
    if (user.signInBlocked) return 'blocked';
    if (this.#passwords.get(user)?.at(-1)?.password !== password) return 'wrongPassword';
    return user.mustChangePassword ? 'mustChangePassword' : 'signedIn';
  }

  /** What a person does who was told to change the password at sign-in. */
  changeOwnPassword(
    change: SignIn & { readonly newPassword: string; readonly atMs: number },
  ): OwnPasswordChangeOutcome {
    const outcome = this.signIn(change);
    if (outcome !== 'signedIn' && outcome !== 'mustChangePassword') return outcome;
    const customer = this.findCustomer(change.tenant);
    const user = customer && this.findUser(customer.tenantId, change.userPrincipalName);
    if (customer === undefined || user === undefined) return 'unknownUser';
    const { newPassword: password, atMs } = change;
    // Only a person's own change is held against the last password; an admin's reset is not.
    const isAcceptable =
      password !== change.password && findPasswordProblem(password, user, customer) === undefined;
    if (!isAcceptable) return 'notAcceptable';
    this.setPassword(customer.tenantId, user.id, { password, atMs, by: 'user' }, false);
    return 'changed';
  }

  #findTenant(tenantIdOrDomain: string): Tenant | undefined {
    const name = tenantIdOrDomain.toLowerCase();
    return this.#tenants.get(name) ?? this.#tenantsByDomain.get(name);
  }

  #tenant(tenantId: string): Tenant {
    const tenant = this.#tenants.get(tenantId.toLowerCase());
    if (tenant === undefined) throw new RangeError(`there is no customer ${tenantId}`);
    return tenant;
  }

  #user(tenantId: string, userId: string): DirectoryUser {
    const user = this.#tenant(tenantId).users.get(userId.toLowerCase());
    if (user === undefined) throw new RangeError(`there is no user ${userId} in ${tenantId}`);
    return user;
  }
}
