import { type AuditTrailDependencies, createAuditTrail } from '../../shared/audit/audit-trail.js';
import { createReadAudit } from '../../shared/audit/read-audit.js';
import { chainName } from '../../shared/audit/chain.js';
import type { AuditLog, ChainKeys } from '../../shared/audit/ports.js';
import type { AuditEvent } from '../../shared/password-reset/audit.js';
import { FakeClock } from '../fakes/fake-clock.js';
import { FakeSealingKeys } from '../fakes/fake-sealing-keys.js';
import { customerTenantId } from './a-reset-row.js';

export const auditDay = '2026-01-01';
export const auditTimeMs = Date.parse(`${auditDay}T09:30:00Z`);
export const auditChain = chainName(customerTenantId, auditDay);

export function anEvent(values: Partial<AuditEvent> = {}): AuditEvent {
  return { action: 'reset.applied', customerTenantId, resetId: 'reset-7', ...values };
}

/** Several processes that write into one log, and somebody who reads it. */
export function aTrail(
  log: AuditLog,
  keys: ChainKeys = new FakeSealingKeys(),
  time: Partial<Pick<AuditTrailDependencies, 'now' | 'random' | 'sleep'>> = {},
) {
  const clock = new FakeClock(auditTimeMs);
  const lostHeads: unknown[] = [];
  const readAudit = createReadAudit({ log, keys });
  let processes = 0;

  const aProcess = () => {
    processes += 1;
    const name = `process-${processes}`;
    let ids = 0;
    return createAuditTrail({
      log,
      keys,
      now: clock.now,
      newId: () => `${name}-id-${(ids += 1)}`,
      onHeadLost: (chain, error) => lostHeads.push({ chain, error }),
      random: () => 1,
      sleep: () => Promise.resolve(),
      ...time,
    });
  };
  const read = (query: Partial<Parameters<typeof readAudit>[0]> = {}) =>
    readAudit(
      { customerTenantId, day: auditDay, afterSeq: 0, limit: 1_000, ...query },
      new AbortController().signal,
    );
  return { audit: aProcess(), aProcess, read, clock, lostHeads };
}
