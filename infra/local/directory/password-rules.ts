import type { DirectoryUser } from './directory-user.js';

export type PasswordProblem = 'length' | 'alphabet' | 'classes' | 'containsName' | 'banned';

/** The real list is not published; these are what everybody would put on it. */
const bannedTerms: readonly string[] = [
  'administrator',
  'changeme',
  'microsoft',
  'password',
  'iloveyou',
  'football',
  'letmein',
  'welcome',
  'sunshine',
  'dragon',
  'monkey',
  'qwerty',
  'secret',
  'autumn',
  'spring',
  'summer',
  'winter',
  'admin',
].map(normalize);

const allowed = /^[A-Za-z0-9@#$%^&*\-_!+=[\]{}|\\:',.?/~"();<>` ]*$/;
const classes = [/[a-z]/, /[A-Z]/, /[0-9]/, /[^A-Za-z0-9]/];
const leastScore = 5;
const shortestName = 4;

/**
 * Entra's rules for the passwords of cloud users; undefined when there is nothing against it.
 *
 * @see https://learn.microsoft.com/entra/identity/authentication/concept-sspr-policy
 * @see https://learn.microsoft.com/entra/identity/authentication/concept-password-ban-bad
 */
export function findPasswordProblem(
  password: string,
  user: Pick<DirectoryUser, 'firstName' | 'lastName'>,
  customer: { readonly companyName: string },
): PasswordProblem | undefined {
  if (password.length < 8 || password.length > 256) return 'length';
  if (!allowed.test(password)) return 'alphabet';
  if (classes.filter((pattern) => pattern.test(password)).length < 3) return 'classes';
  const normalized = normalize(password);
  const names = [user.firstName, user.lastName, customer.companyName].map(normalize);
  if (names.some((name) => name.length >= shortestName && normalized.includes(name))) {
    return 'containsName';
  }
  const isBanned =
    bannedTerms.some((term) => isWithinOneEdit(normalized, term)) || score(normalized) < leastScore;
  return isBanned ? 'banned' : undefined;
}

function normalize(text: string): string {
  return text
    .toLowerCase()
    .replaceAll('0', 'o')
    .replaceAll('1', 'l')
    .replaceAll('$', 's')
    .replaceAll('@', 'a');
}

/** A banned term counts one point however long it is, and so does every other character. */
function score(normalized: string): number {
  return bannedTerms.reduce((text, term) => text.replaceAll(term, '\0'), normalized).length;
}

function isWithinOneEdit(left: string, right: string): boolean {
  if (Math.abs(left.length - right.length) > 1) return false;
  let same = 0;
  while (same < left.length && left[same] === right[same]) same += 1;
  const leftRest = left.slice(same);
  const rightRest = right.slice(same);
  return (
    leftRest.slice(1) === rightRest.slice(1) ||
    leftRest.slice(1) === rightRest ||
    leftRest === rightRest.slice(1)
  );
}
