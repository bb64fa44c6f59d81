import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { createAuditTrail } from '../audit/audit-trail.js';
import { createReadAudit } from '../audit/read-audit.js';
import type { Note } from '../password-reset/audit.js';
import type { Outside } from './outside.js';
import { errorFields, report } from './report.js';

export type Auditing = ReturnType<typeof createAuditing>;

/** What is kept for those who ask later, and how they ask. */
export function createAuditing({ auditLog: log, sealingKeys: keys, now, random }: Outside) {
  const audit = createAuditTrail({
    log,
    keys,
    now,
    random,
    newId: randomUUID,
    sleep: (ms) => delay(ms, undefined, { ref: false }),
    onHeadLost: (chain, error) =>
      report('warn', 'audit head not written', { chain, ...errorFields(error) }),
  });
  const note: Note = async (events) => {
    try {
      await audit(events);
    } catch (error) {
      // The log is all that is left of them, and says no more of them than of anything else.
      for (const event of events) {
        report('error', 'audit incomplete', { ...event, ...errorFields(error) });
      }
    }
  };
  return { audit, note, readAudit: createReadAudit({ log, keys }) };
}
