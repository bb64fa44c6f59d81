import type { TableClient } from '@azure/data-tables';
import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { IdempotencyEntry, IdempotencyKey, IdempotencyKeys } from '../password-reset/ports.js';
import { createEntities } from './entities.js';
import { createColumnsParser, type EntityKey } from './entity-columns.js';

const schemaVersion = 1;
const keptMs = 24 * 3_600_000;

const parseEntry = createColumnsParser<IdempotencyEntry>(
  z.object({ resetId: z.string(), fingerprint: z.string(), createdAtMs: z.number() }),
  schemaVersion,
);

/** Found by a hash, for what callers choose as a key may be anything. */
export function createTableIdempotencyKeys({
  table,
  now,
}: {
  readonly table: TableClient;
  readonly now: () => number;
}): IdempotencyKeys {
  const entities = createEntities(table, schemaVersion);

  return {
    async createOrRead(idempotencyKey, entry) {
      const key = keyOf(idempotencyKey);
      for (;;) {
        const { columns, etag, isNew } = await entities.createOrRead(key, entry);
        if (isNew) return entry;
        const found = parseEntry(columns);
        if (now() < found.createdAtMs + keptMs) return found;
        const replaced = await entities.replace(key, entry, etag);
        if (replaced !== 'conflict') return entry;
      }
    },
  };
}

/** As JSON, in which no two pairs are the same text. */
function keyOf({ caller, key }: IdempotencyKey): EntityKey {
  const hash = createHash('sha256')
    .update(JSON.stringify([caller, key]))
    .digest('hex');
  return { partitionKey: hash.slice(0, 2), rowKey: hash };
}
