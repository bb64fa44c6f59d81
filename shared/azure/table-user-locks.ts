import type { TableClient } from '@azure/data-tables';
import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { UserKey, UserLock, UserLockEntry, UserLocks } from '../password-reset/ports.js';
import { createEntities, type StoredEntity } from './entities.js';
import { createColumnsParser, type EntityKey } from './entity-columns.js';

const schemaVersion = 1;

const columnsSchema = z.object({
  resetId: z.string(),
  appliedResetId: z.string().exactOptional(),
  appliedAcceptedAtMs: z.number().exactOptional(),
});

const parseColumns = createColumnsParser(columnsSchema, schemaVersion);

/** One entity a user that was ever reset; customers are spread over 256 partitions. */
export function createTableUserLocks(table: TableClient): UserLocks {
  const entities = createEntities(table, schemaVersion);

  return {
    async createOrRead(user, resetId) {
      const { columns, etag, isNew } = await entities.createOrRead(keyOf(user), { resetId });
      return isNew ? { resetId, etag } : toLock({ columns, etag });
    },

    read: readLock,

    async replace(user, entry, etag) {
      const replaced = await entities.replace(keyOf(user), toColumns(entry), etag);
      if (replaced !== 'conflict') return { ...entry, etag: replaced.etag };
      // Another attempt at the same reset may have been quicker; the user is ours all the same.
      const lock = await readLock(user);
      return lock?.resetId === entry.resetId ? lock : 'conflict';
    },
  };

  async function readLock(user: UserKey): Promise<UserLock | undefined> {
    const found = await entities.read(keyOf(user));
    return found && toLock(found);
  }
}

function toColumns({ resetId, applied }: UserLockEntry): z.output<typeof columnsSchema> {
  if (applied === undefined) return { resetId };
  return { resetId, appliedResetId: applied.resetId, appliedAcceptedAtMs: applied.acceptedAtMs };
}

function toLock({ columns, etag }: StoredEntity): UserLock {
  const { resetId, appliedResetId, appliedAcceptedAtMs } = parseColumns(columns);
  if (appliedResetId === undefined || appliedAcceptedAtMs === undefined) return { resetId, etag };
  return { resetId, applied: { resetId: appliedResetId, acceptedAtMs: appliedAcceptedAtMs }, etag };
}

function keyOf({ customerTenantId, userId }: UserKey): EntityKey {
  const hash = createHash('sha256').update(customerTenantId).digest('hex');
  return { partitionKey: hash.slice(0, 2), rowKey: `${customerTenantId}|${userId}` };
}
