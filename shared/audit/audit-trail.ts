import type { Audit } from '../password-reset/audit.js';
import type { Random } from '../platform/retry.js';
import { type AuditEntry, chainName } from './chain.js';
import { type ChainWriter, createChainWriter } from './chain-writer.js';
import type { AuditLog, ChainKeys } from './ports.js';

export interface AuditTrailDependencies {
  readonly log: AuditLog;
  readonly keys: Pick<ChainKeys, 'newest'>;
  readonly now: () => number;
  readonly newId: () => string;
  /** Until the chain's next record, the last ones could be removed unnoticed. */
  readonly onHeadLost: (chain: string, error: unknown) => void;
  readonly random: Random;
  readonly sleep: (ms: number) => Promise<void>;
}

/** A partner has hundreds of customers; of a chain that was left behind nothing is lost but a look-up. */
const maxChains = 1_000;

/** Keeps events, each in the chain of its customer and of the day on which it was told of. */
export function createAuditTrail(dependencies: AuditTrailDependencies): Audit {
  const { now, newId } = dependencies;
  const writer = newId();
  /** Those that were used last come last. */
  const chains = new Map<string, ChainWriter>();

  return async (events) => {
    const at = new Date(now()).toISOString();
    const byChain = new Map<string, AuditEntry[]>();
    for (const event of events) {
      const chain = chainName(event.customerTenantId, at.slice(0, 10));
      byChain.set(chain, [...(byChain.get(chain) ?? []), { id: newId(), at, event }]);
    }
    await Promise.all([...byChain].map(([chain, entries]) => writerOf(chain).write(entries)));
  };

  function writerOf(chain: string): ChainWriter {
    const found = chains.get(chain) ?? createChainWriter(chain, { ...dependencies, writer });
    chains.delete(chain);
    chains.set(chain, found);
    if (chains.size > maxChains) forgetOne();
    return found;
  }

  /** Two writers of one process in one chain would only be in each other's way. */
  function forgetOne(): void {
    for (const [chain, { isIdle }] of chains) {
      if (!isIdle()) continue;
      chains.delete(chain);
      return;
    }
  }
}
