import type { TableClient } from '@azure/data-tables';
import { z } from 'zod';
import type { DailyCounts } from '../callers/daily-cap.js';
import { createColumnsParser } from './entity-columns.js';
import { createEntities, type StoredEntity } from './entities.js';

const schemaVersion = 1;

interface Count {
  readonly day: string;
  readonly resets: number;
}

const parseCount = createColumnsParser<Count>(
  z.object({ day: z.string(), resets: z.number() }),
  schemaVersion,
);

/** One row a caller, which holds the newest day alone. */
export function createTableDailyCounts(table: TableClient): DailyCounts {
  const entities = createEntities(table, schemaVersion);
  /** As written last by this process: mostly nobody else has written since. */
  const written = new Map<string, StoredEntity>();

  return {
    async add({ caller, day, resets, most }) {
      const key = { partitionKey: caller, rowKey: 'count' };
      for (;;) {
        const known = written.get(caller);
        const stored = known ?? (await entities.createOrRead(key, { day, resets: 0 }));
        const found = parseCount({ schemaVersion, ...stored.columns });
        const count: Count = { day, resets: (found.day === day ? found.resets : 0) + resets };
        if (count.resets <= most) {
          const replaced = await entities.replace(key, count, stored.etag);
          if (replaced !== 'conflict') {
            written.set(caller, { columns: { ...count }, etag: replaced.etag });
            return true;
          }
        } else if (known === undefined) {
          return false;
        }
        written.delete(caller);
      }
    },
  };
}
