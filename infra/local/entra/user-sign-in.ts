import { Refusal } from './refusal.js';

/** Whoever keeps the customers' users and their passwords. */
export interface UserSignIn {
  /** @param attempt.tenant the customer's tenant id or one of its domains */
  signIn(attempt: {
    readonly tenant: string;
    readonly userPrincipalName: string;
    readonly password: string;
  }): SignInOutcome;
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

/** What Entra answers to the password grant. */
const codeByOutcome: Readonly<Record<Exclude<SignInOutcome, 'signedIn'>, number>> = {
  // The password is right, but temporary: it only opens the page where the user chooses another.
  mustChangePassword: 50055,
  wrongPassword: 50126,
  unknownUser: 50034,
  // A soft-deleted user is not in the directory.
  deleted: 50034,
  blocked: 50057,
  // Entra holds no password of a federated user, so whatever is sent here is wrong.
  federated: 50126,
  unknownTenant: 90002,
};

/** @throws {@link Refusal} unless the password opens the account */
export function signInWithPassword(
  directory: UserSignIn,
  tenant: string,
  form: URLSearchParams,
): string {
  const userPrincipalName = form.get('username');
  const password = form.get('password');
  if (!form.get('client_id') || !userPrincipalName || !password) throw new Refusal(900144);

  const outcome = directory.signIn({ tenant, userPrincipalName, password });
  if (outcome !== 'signedIn') throw new Refusal(codeByOutcome[outcome]);
  return userPrincipalName;
}
