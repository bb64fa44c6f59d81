import { v5 as uuidV5 } from 'uuid';
import { isGuid } from '../password-reset/ids.js';

/** Ours alone: with the same name in it, nobody else's namespace gives the same id. */
const namespace = '3d0bb86c-3a2f-4d3f-8b0c-6c1a1f0b9f57';

/** The job that an idempotency key of a caller stands for. No caller's name holds a line break. */
export function bulkResetIdOfKey(caller: string, key: string): string {
  return uuidV5(`${caller}\n${key}`, namespace);
}

/** Not of version 5: nobody is to take an id that is computed from the key of somebody else. */
export function mayBeChosen(id: string): boolean {
  return isGuid(id) && id.charAt(versionAt) !== '5';
}

/** @see https://www.rfc-editor.org/rfc/rfc9562#section-4.2 */
const versionAt = 'xxxxxxxx-xxxx-'.length;
