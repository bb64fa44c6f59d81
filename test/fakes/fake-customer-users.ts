import {
  type CustomerTenantId,
  isSameSignInName,
  type UserId,
} from '../../shared/password-reset/ids.js';
import type {
  CustomerUser,
  CustomerUsers,
  ResetRequest,
} from '../../shared/password-reset/ports.js';
import { ResetError, type ResetErrorCode } from '../../shared/password-reset/reset-error.js';

export interface FakeUser extends CustomerUser {
  readonly customerTenantId: CustomerTenantId;
  readonly roles?: readonly string[];
}

/** How a reset is answered: `answer lost` was applied all the same, an error was not. */
type ResetAnswer = 'applied' | 'answer lost' | ResetErrorCode | Error;

/** Users in memory, with the password that each has now. */
export class FakeCustomerUsers implements CustomerUsers {
  /** Every reset that was sent, whatever came of it. */
  readonly sent: ResetRequest[] = [];
  /** How the next resets are answered, in order; those that follow are applied. */
  readonly answers: ResetAnswer[];
  /** What the named reads reject with. */
  readonly failures: Partial<Record<'get' | 'findBySignInName' | 'directoryRoles', Error>> = {};
  /** Called while a reset is under way, before it is answered. */
  onReset: (request: ResetRequest) => void | Promise<void> = () => undefined;
  readonly #users: readonly FakeUser[];
  readonly #passwords = new Map<string, string>();

  constructor(users: readonly FakeUser[] = [], ...answers: ResetAnswer[]) {
    this.#users = users;
    this.answers = answers;
  }

  /** The password that works now; undefined while it was never reset. */
  passwordOf({ customerTenantId, userId }: UserKey): string | undefined {
    return this.#passwords.get(`${customerTenantId}/${userId}`);
  }

  async get(key: UserKey): Promise<CustomerUser> {
    if (this.failures.get) throw this.failures.get;
    return Promise.resolve(this.#find(key));
  }

  async findBySignInName({
    customerTenantId,
    userPrincipalName,
  }: Parameters<CustomerUsers['findBySignInName']>[0]): Promise<CustomerUser> {
    if (this.failures.findBySignInName) throw this.failures.findBySignInName;
    const found = this.#users.find(
      (user) =>
        user.customerTenantId === customerTenantId &&
        isSameSignInName(user.userPrincipalName, userPrincipalName),
    );
    return Promise.resolve(found ?? refuse('UserNotFound'));
  }

  async directoryRoles(key: UserKey): Promise<readonly string[]> {
    if (this.failures.directoryRoles) throw this.failures.directoryRoles;
    return Promise.resolve(this.#find(key).roles ?? []);
  }

  async resetPassword(request: ResetRequest, signal: AbortSignal): Promise<void> {
    this.sent.push(request);
    await this.onReset(request);
    signal.throwIfAborted();
    const { customerTenantId, userId } = this.#find(request);
    const answer = this.answers.shift() ?? 'applied';
    if (answer === 'applied' || answer === 'answer lost') {
      const password = request.passwordProfile.password.reveal();
      this.#passwords.set(`${customerTenantId}/${userId}`, password);
    }
    if (answer === 'answer lost') refuse('OutcomeUnknown');
    if (typeof answer !== 'string') throw answer;
    if (answer !== 'applied') refuse(answer);
  }

  #find({ customerTenantId, userId }: UserKey): FakeUser {
    const found = this.#users.find(
      (user) => user.customerTenantId === customerTenantId && user.userId === userId,
    );
    return found ?? refuse('UserNotFound');
  }
}

interface UserKey {
  readonly customerTenantId: CustomerTenantId;
  readonly userId: UserId;
}

function refuse(code: ResetErrorCode): never {
  throw new ResetError(code, `Cannot reset password: ${code}`);
}
