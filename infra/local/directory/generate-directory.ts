import { companyAt } from './companies.js';
import { Directory, type DirectoryCustomer } from './directory.js';
import { directoryRoles, type DirectoryUser } from './directory-user.js';
import { inventPerson, type Person } from './people.js';
import {
  createSeededRandom,
  pick,
  randomGuid,
  randomInteger,
  type SeededRandom,
} from './seeded-random.js';

const dayMs = 24 * 60 * 60 * 1000;

interface Setting {
  readonly random: SeededRandom;
  readonly nowMs: number;
  readonly customer: DirectoryCustomer;
  readonly initialDomain: string;
  readonly person: Person;
}

/** What sets a user apart from a plain one. */
type Trait = (setting: Setting) => Partial<DirectoryUser>;

/**
 * Which of every 40 users are special; the others, among them the first nine, are plain. Counting
 * rather than chance, so that every customer with 40 users has at least one of each kind.
 */
const traitsByTurn: Readonly<Record<number, Trait>> = {
  9: () => ({ directoryRoles: [directoryRoles.globalAdministrator] }),
  12: guest,
  15: synchronized,
  18: federated,
  21: softDeleted,
  24: () => ({ directoryRoles: [directoryRoles.helpdeskAdministrator] }),
  27: () => ({ signInBlocked: true }),
  30: () => ({ directoryRoles: [directoryRoles.userAdministrator] }),
  33: synchronized,
  36: () => ({
    directoryRoles: [directoryRoles.exchangeAdministrator, directoryRoles.reportsReader],
  }),
};
const turns = 40;

/** Customers with users and passwords, all made up from the seed: same seed, same directory. */
export function generateDirectory(options: {
  readonly seed: number;
  /** @default 12 */
  readonly customers?: number;
  /** @default 40 */
  readonly usersPerCustomer?: number;
  readonly nowMs: number;
}): Directory {
  const { seed, customers = 12, usersPerCustomer = 40, nowMs } = options;
  const random = createSeededRandom(seed);
  const directory = new Directory();
  for (let index = 0; index < customers; index += 1) {
    const { companyName, domain, initialDomain: label } = companyAt(index);
    const initialDomain = `${label}.onmicrosoft.com`;
    const customer = directory.addCustomer({
      tenantId: randomGuid(random),
      domain,
      domains: [domain, initialDomain, `sso.${domain}`],
      federatedDomains: [`sso.${domain}`],
      companyName,
      relationshipToPartner: 'reseller',
    });
    for (let turn = 0; turn < usersPerCustomer; turn += 1) {
      const setting = { random, nowMs, customer, initialDomain, person: inventPerson(random) };
      const user = generateUser(setting, turn, directory);
      directory.addUser(customer.tenantId, user, {
        password: inventPassword(random),
        atMs: nowMs - randomInteger(random, 365) * dayMs,
        by: 'seed',
      });
    }
  }
  return directory;
}

function generateUser(setting: Setting, turn: number, directory: Directory): DirectoryUser {
  const { random, customer, person } = setting;
  const { firstName, lastName, displayName, usageLocation } = person;
  const user: DirectoryUser = {
    id: randomGuid(random),
    userPrincipalName: `${person.alias}@${customer.domain}`,
    firstName,
    lastName,
    displayName,
    usageLocation,
    lastDirectorySyncTime: null,
    userDomainType: 'none',
    state: 'active',
    softDeletionTime: null,
    directoryRoles: [],
    mustChangePassword: false,
    signInBlocked: false,
    ...(random() < 0.3 && { phoneNumber: `+1 425 555 01${10 + randomInteger(random, 90)}` }),
    ...traitsByTurn[turn % turns]?.(setting),
  };
  if (directory.findUser(customer.tenantId, user.userPrincipalName) !== undefined) {
    user.userPrincipalName = user.userPrincipalName.replace(/(?=[#@])/, String(turn));
  }
  return user;
}

function guest({ person, initialDomain }: Setting): Partial<DirectoryUser> {
  return { userPrincipalName: `${person.alias}_partner.example#EXT#@${initialDomain}` };
}

function synchronized({ random, nowMs }: Setting): Partial<DirectoryUser> {
  return {
    immutableId: Buffer.from(randomGuid(random).replaceAll('-', ''), 'hex').toString('base64'),
    lastDirectorySyncTime: toWireTime(nowMs - randomInteger(random, 30) * 60_000),
    userDomainType: 'managed',
  };
}

function federated(setting: Setting): Partial<DirectoryUser> {
  return {
    ...synchronized(setting),
    userPrincipalName: `${setting.person.alias}@sso.${setting.customer.domain}`,
    userDomainType: 'federated',
  };
}

function softDeleted({ random, nowMs }: Setting): Partial<DirectoryUser> {
  const softDeletionTime = toWireTime(nowMs - (1 + randomInteger(random, 28)) * dayMs);
  return { state: 'inactive', softDeletionTime };
}

/** Whole seconds, as in the documented examples. */
function toWireTime(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z');
}

function inventPassword(random: SeededRandom): string {
  const letters = 'abcdefghijkmnpqrstuvwxyz';
  const classes = [letters, letters.toUpperCase(), '23456789', '!#%+-=?_'] as const;
  const letter = (alphabet: string) => alphabet.charAt(randomInteger(random, alphabet.length));
  const oneOfEach = classes.map(letter).join('');
  return oneOfEach + Array.from({ length: 12 }, () => letter(pick(random, classes))).join('');
}
