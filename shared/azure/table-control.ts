import { odata, type TableClient } from '@azure/data-tables';
import { isGuid, parseCustomerTenantId } from '../password-reset/ids.js';
import type { BrakeScope, Control, ControlState } from '../password-reset/ports.js';
import { ResetError } from '../password-reset/reset-error.js';
import { createCached } from '../platform/cached.js';
import { createEntities } from './entities.js';
import type { EntityKey } from './entity-columns.js';
import { queryEntities } from './entity-queries.js';

const schemaVersion = 1;
const partitionKey = 'control';
const brakePrefix = 'brake-';

/** Every attempt at a reset waits for this. */
const timeoutMs = 5_000;
const ttlMs = 2_000;
const maxStaleMs = 60_000;
/** A brake that was set wrongly must not hold for long. */
const longestBrakeMs = 15 * 60_000;

/**
 * One partition, small enough to be read whole. The row `halt` is for people: they set its column
 * `isHalted` with whatever tool they have at hand.
 */
export function createTableControl({
  table,
  now,
}: {
  readonly table: TableClient;
  readonly now: () => number;
}): Control {
  const entities = createEntities(table, schemaVersion);
  /** What this instance has set, which must not wait until it is read again. */
  const ownBrakes = new Map<BrakeScope, number>();
  const stored = createCached({ read, timeoutMs, ttlMs, maxStaleMs, isTransient, now });

  return {
    async read(signal) {
      const { isHalted, brakedUntilMs } = await stored.get(signal);
      const merged = new Map(brakedUntilMs);
      for (const [scope, untilMs] of ownBrakes) {
        if (untilMs <= now()) ownBrakes.delete(scope);
        else lengthen(merged, scope, untilMs);
      }
      return { isHalted, brakedUntilMs: merged };
    },

    async brake(scope, wishedUntilMs) {
      const untilMs = Math.min(wishedUntilMs, now() + longestBrakeMs);
      lengthen(ownBrakes, scope, untilMs);
      const columns = { blockedUntilMs: untilMs };
      for (;;) {
        const found = await entities.createOrRead(keyOf(scope), columns);
        if (found.isNew || blockedUntilMs(found.columns) >= untilMs) return;
        const replaced = await entities.replace(keyOf(scope), columns, found.etag);
        if (replaced !== 'conflict') return;
      }
    },
  };

  async function read(signal: AbortSignal): Promise<ControlState> {
    let isHalted = false;
    const brakedUntilMs = new Map<BrakeScope, number>();
    const where = [odata`PartitionKey eq ${partitionKey}`];
    for await (const { key, columns } of queryEntities(table, { where }, signal)) {
      if (key.rowKey === 'halt') isHalted = readsHalted(columns);
      const scope = scopeOf(key);
      if (scope !== undefined) brakedUntilMs.set(scope, blockedUntilMs(columns));
    }
    return { isHalted, brakedUntilMs };
  }
}

function keyOf(scope: BrakeScope): EntityKey {
  return { partitionKey, rowKey: `${brakePrefix}${scope}` };
}

function scopeOf({ rowKey }: EntityKey): BrakeScope | undefined {
  if (!rowKey.startsWith(brakePrefix)) return undefined;
  const scope = rowKey.slice(brakePrefix.length);
  if (scope === 'partner') return scope;
  return isGuid(scope) ? parseCustomerTenantId(scope) : undefined;
}

/** Whoever pulls the switch means it: of all that can be written there, only "false" lets go. */
function readsHalted({ isHalted }: { readonly isHalted?: unknown }): boolean {
  return String(isHalted).toLowerCase() !== 'false';
}

function blockedUntilMs(columns: { readonly blockedUntilMs?: unknown }): number {
  return typeof columns.blockedUntilMs === 'number' ? columns.blockedUntilMs : 0;
}

function lengthen(brakes: Map<BrakeScope, number>, scope: BrakeScope, untilMs: number): void {
  brakes.set(scope, Math.max(brakes.get(scope) ?? 0, untilMs));
}

function isTransient(error: unknown): boolean {
  return error instanceof ResetError && error.recovery === 'later';
}
