import type { Caller } from '../../shared/callers/caller.js';
import type { CallerList } from '../../shared/callers/caller-list.js';

/** Lists these, known by name only unless told otherwise. */
export function aCallerList(
  callers: readonly Caller[],
  finders: Partial<CallerList> = {},
): CallerList {
  return {
    findByName: (name) => callers.find((caller) => caller.name === name),
    findByApiKey: () => undefined,
    findByClient: () => undefined,
    findByPerson: () => undefined,
    findWebhookSource: () => undefined,
    ...finders,
  };
}
