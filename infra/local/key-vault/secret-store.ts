import { createHash } from 'node:crypto';
import { announceSecret } from '../announcements.js';

/** What a client may set on a version. */
export interface SecretProperties {
  readonly enabled?: boolean;
  readonly tags?: Readonly<Record<string, string>>;
  readonly contentType?: string;
  /** Seconds since 1970. Both are only kept: a vault hands out secrets outside of them, too. */
  readonly nbf?: number;
  readonly exp?: number;
}

export interface SecretVersion extends SecretProperties {
  readonly name: string;
  /** 32 hexadecimal digits that say nothing about age. */
  readonly version: string;
  readonly value: string;
  readonly enabled: boolean;
  readonly createdMs: number;
  readonly updatedMs: number;
}

export interface SecretStore {
  names(): readonly string[];
  /** The version that was set last, or the one named. */
  find(name: string, version?: string): SecretVersion | undefined;
  /** In the order in which they were set. */
  versions(name: string): readonly SecretVersion[];
  /** Makes a new version. */
  set(name: string, value: string, properties?: SecretProperties): SecretVersion;
  update(current: SecretVersion, properties: SecretProperties): SecretVersion;
}

/** Secrets with all their versions; names are compared without regard to case. */
export function createSecretStore(now: () => number): SecretStore {
  const secrets = new Map<string, SecretVersion[]>();
  const versionsOf = (name: string) => secrets.get(name.toLowerCase()) ?? [];

  return {
    names: () => [...secrets.keys()],

    find: (name, version) =>
      version === undefined
        ? versionsOf(name).at(-1)
        : versionsOf(name).find((candidate) => candidate.version === version),

    versions: versionsOf,

    set(name, value, properties = {}) {
      announceSecret(`secret ${name} of the vault`, value);
      const atMs = now();
      const versions = versionsOf(name);
      const created: SecretVersion = {
        enabled: true,
        ...properties,
        name: versions[0]?.name ?? name,
        version: versionFor(name, value, versions.length),
        value,
        createdMs: atMs,
        updatedMs: atMs,
      };
      secrets.set(name.toLowerCase(), [...versions, created]);
      return created;
    },

    update(current, properties) {
      const updated: SecretVersion = { ...current, ...properties, updatedMs: now() };
      const versions = versionsOf(current.name);
      secrets.set(
        current.name.toLowerCase(),
        versions.map((each) => (each.version === current.version ? updated : each)),
      );
      return updated;
    },
  };
}

/** The same in every run, so that what was sealed under a version opens again in the next. */
function versionFor(name: string, value: string, index: number): string {
  return createHash('sha256').update(`${name}/${index}/${value}`).digest('hex').slice(0, 32);
}
