import type { CustomerTenantId } from '../password-reset/ids.js';
import { type AuditLine, chainName, parseLine } from './chain.js';
import { type AuditLog, type ChainKeys, logStart } from './ports.js';
import { type ChainProblem, verifyChain } from './verify-chain.js';

export interface ReadAuditDependencies {
  readonly log: Pick<AuditLog, 'read' | 'heads'>;
  readonly keys: ChainKeys;
}

export interface AuditQuery {
  /** Absent for what is about no single customer. */
  readonly customerTenantId?: CustomerTenantId;
  /** `YYYY-MM-DD`, UTC. */
  readonly day: string;
  readonly afterSeq: number;
  readonly limit: number;
}

export interface AuditPage {
  /** Of the whole day, whichever page is read. */
  readonly problem?: ChainProblem;
  /** On the whole day. */
  readonly count: number;
  readonly records: readonly Readonly<Record<string, unknown>>[];
  /** Absent on the last page. */
  readonly nextAfterSeq?: number;
}

export type ReadAudit = ReturnType<typeof createReadAudit>;

/** Reads a day of one customer whole: a page of it is shown, and all of it verified. */
export function createReadAudit({ log, keys }: ReadAuditDependencies) {
  return async (query: AuditQuery, signal: AbortSignal): Promise<AuditPage> => {
    const { customerTenantId, day, afterSeq, limit } = query;
    const name = chainName(customerTenantId, day);
    const records: AuditLine['record'][] = [];
    const page = { records, lastSeq: afterSeq, hasMore: false, count: 0 };

    // Before the lines: a record that is added meanwhile must not seem to be missing.
    const heads = await log.heads(name, signal);
    const problem = await verifyChain({ name, heads, keys }, pagedLines(), signal);
    return {
      ...(problem !== undefined && { problem }),
      count: page.count,
      records,
      ...(page.hasMore && { nextAfterSeq: page.lastSeq }),
    };

    async function* pagedLines(): AsyncGenerator<AuditLine | undefined> {
      for await (const text of log.read(name, logStart, signal)) {
        const line = parseLine(text);
        if (line !== undefined) page.count += 1;
        if (line !== undefined && line.seq > afterSeq) {
          if (records.length < limit) {
            records.push(line.record);
            page.lastSeq = line.seq;
          } else page.hasMore = true;
        }
        yield line;
      }
    }
  };
}
