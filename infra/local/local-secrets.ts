import { randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type EntraCallers, newPerson } from './entra-callers.js';
import { type LocalCaller, newLocalCallers } from './local-callers.js';

/** What must stay the same for data that outlives the stack to be of use; random, and good for nothing else. */
interface LocalSecrets {
  readonly callers: readonly LocalCaller[];
  /** By the source that signs with it. */
  readonly webhookSecrets: Readonly<Record<string, string>>;
  readonly sealingKey: string;
  /** Who reads again what they asked for in an earlier run. */
  readonly person: EntraCallers['person'];
}

/** Those of the folder, or new ones; they are kept in the folder if there is one. */
export async function loadLocalSecrets(folder: string | undefined): Promise<LocalSecrets> {
  if (folder === undefined) return newSecrets();
  const file = join(folder, 'local-secrets.json');
  const text = await readFile(file, 'utf8').catch(() => undefined);
  const kept = text === undefined ? {} : (JSON.parse(text) as Partial<LocalSecrets>);
  // The folder may be older than some of them.
  const fresh = newSecrets();
  const callers = fresh.callers.map(
    (caller) => kept.callers?.find(({ name }) => name === caller.name) ?? caller,
  );
  const secrets = { ...fresh, ...kept, callers };
  await mkdir(folder, { recursive: true });
  await writeFile(file, JSON.stringify(secrets), { mode: 0o600 });
  return secrets;
}

function newSecrets(): LocalSecrets {
  const webhookSecrets = { 'ticket-system': `whsec_${randomBytes(32).toString('base64')}` };
  const sealingKey = randomBytes(32).toString('base64');
  return { callers: newLocalCallers(), webhookSecrets, sealingKey, person: newPerson() };
}
