import { type AuditLine, isNext } from './chain.js';
import type { ChainEnd, ChainKey, ChainKeys } from './ports.js';

/** Where a chain does not hold any more; what comes after that proves nothing. */
export interface ChainProblem {
  /** Of the first record that is not there as it was written. */
  readonly seq: number;
  /**
   * - `unreadable`: in its place is something that is no record.
   * - `missing`: a later record is in its place.
   * - `repeated`: an earlier record is in its place.
   * - `altered`: in its place is a record that does not follow the one before.
   * - `truncated`: the chain ends before it.
   */
  readonly kind: 'unreadable' | 'missing' | 'repeated' | 'altered' | 'truncated';
}

/**
 * Reads all lines of a chain and finds the first place where it was tampered with.
 *
 * @param chain.heads how far the chain had come before the lines were read
 * @param lines undefined for what is no record
 */
export async function verifyChain(
  {
    name,
    heads,
    keys,
  }: { readonly name: string; readonly heads: readonly ChainEnd[]; readonly keys: ChainKeys },
  lines: AsyncIterable<AuditLine | undefined>,
  signal: AbortSignal,
): Promise<ChainProblem | undefined> {
  const keyOf = rememberKeys(keys, signal);
  let end: ChainEnd | undefined;
  let problem: ChainProblem | undefined;
  for await (const line of lines) {
    if (problem !== undefined) continue;
    const seq: number = (end?.seq ?? 0) + 1;
    const kind = await problemOf(line, seq, end);
    if (kind !== undefined) problem = { seq, kind };
    else end = line;
  }
  const lastSeq = end?.seq ?? 0;
  const isTruncated = heads.some((head) => head.seq > lastSeq);
  return problem ?? (isTruncated ? { seq: lastSeq + 1, kind: 'truncated' } : undefined);

  async function problemOf(
    line: AuditLine | undefined,
    seq: number,
    before: ChainEnd | undefined,
  ): Promise<ChainProblem['kind'] | undefined> {
    if (line === undefined) return 'unreadable';
    if (line.seq !== seq) return line.seq > seq ? 'missing' : 'repeated';
    const key = await keyOf(line.keyVersion);
    if (key === undefined || !isNext(name, before, line, key)) return 'altered';
    // A chain that was begun anew holds in itself, but not what it held before.
    const isOther = heads.some((head) => head.seq === seq && head.hash !== line.hash);
    return isOther ? 'altered' : undefined;
  }
}

function rememberKeys(keys: ChainKeys, signal: AbortSignal) {
  const known = new Map<string, ChainKey | undefined>();
  return async (version: string): Promise<ChainKey | undefined> => {
    if (!known.has(version)) known.set(version, await keys.byVersion(version, signal));
    return known.get(version);
  };
}
