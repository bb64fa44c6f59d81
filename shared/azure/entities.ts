import type { TableClient } from '@azure/data-tables';
import { randomUUID } from 'node:crypto';
import { hasStatus, toStorageError } from './to-storage-error.js';

export interface EntityKey {
  readonly partitionKey: string;
  readonly rowKey: string;
}

export interface StoredEntity {
  readonly columns: Readonly<Record<string, unknown>>;
  readonly etag: string;
}

type Columns = object;

/**
 * Conditional writes that know their own. The SDK repeats a write whose answer was lost, and the
 * repetition is refused because of the first; so each write carries a revision, and a refusal means
 * "look whose it is", not "somebody else won".
 *
 * Values named `…Ms` are stored as dates under the name without the ending. Everything rejects with
 * `StorageUnavailable` when the table does not answer.
 */
export function createEntities(table: TableClient, schemaVersion: number) {
  return {
    /** The entity as stored: this one, or the one that was there before. */
    async createOrRead(
      key: EntityKey,
      columns: Columns,
    ): Promise<StoredEntity & { isNew: boolean }> {
      const revision = randomUUID();
      try {
        const { etag = '' } = await table.createEntity(toEntity(key, columns, revision));
        return { columns: { ...columns }, etag, isNew: true };
      } catch (error) {
        if (!hasStatus(error, 409)) throw toStorageError(error, 'create a row');
        const found = await readEntity(key);
        if (found === undefined) throw toStorageError(error, 'create a row');
        return { ...found, isNew: found.revision === revision };
      }
    },

    read: readEntity,

    /** `conflict` when the entity is not the one with this ETag any more. */
    async replace(
      key: EntityKey,
      columns: Columns,
      etag: string,
    ): Promise<{ readonly etag: string } | 'conflict'> {
      const revision = randomUUID();
      try {
        const entity = toEntity(key, columns, revision);
        const result = await table.updateEntity(entity, 'Replace', { etag });
        return { etag: result.etag ?? '' };
      } catch (error) {
        if (!hasStatus(error, 412) && !hasStatus(error, 404)) {
          throw toStorageError(error, 'change a row');
        }
        const found = await readEntity(key);
        return found?.revision === revision ? found : 'conflict';
      }
    },

    /** Entities of one partition, at most 100. Those that exist already stay as they are. */
    async createMany(rows: readonly (EntityKey & { columns: Columns })[]): Promise<void> {
      const entities = rows.map((row) => toEntity(row, row.columns, randomUUID()));
      try {
        await table.submitTransaction(entities.map((entity) => ['create', entity]));
      } catch (error) {
        if (!hasStatus(error, 409)) throw toStorageError(error, 'create rows');
        await Promise.all(entities.map(createUnlessThere));
      }
    },
  };

  async function createUnlessThere(entity: ReturnType<typeof toEntity>): Promise<void> {
    try {
      await table.createEntity(entity);
    } catch (error) {
      if (!hasStatus(error, 409)) throw toStorageError(error, 'create a row');
    }
  }

  async function readEntity(
    key: EntityKey,
  ): Promise<(StoredEntity & { revision: unknown }) | undefined> {
    try {
      const entity = await table.getEntity(key.partitionKey, key.rowKey);
      return { columns: toColumns(entity), etag: entity.etag, revision: entity['revision'] };
    } catch (error) {
      if (hasStatus(error, 404)) return undefined;
      throw toStorageError(error, 'read a row');
    }
  }

  function toEntity({ partitionKey, rowKey }: EntityKey, columns: Columns, revision: string) {
    const entries = Object.entries(columns)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]: [string, unknown]) =>
        name.endsWith('Ms') ? [name.slice(0, -2), new Date(value as number)] : [name, value],
      );
    return {
      ...(Object.fromEntries(entries) as Record<string, unknown>),
      partitionKey,
      rowKey,
      schemaVersion,
      revision,
    };
  }
}

const ownColumns = new Set([
  'partitionKey',
  'rowKey',
  'schemaVersion',
  'revision',
  'etag',
  'timestamp',
]);

/** What {@link createEntities} was given for this entity. */
export function toColumns(entity: object): Record<string, unknown> {
  const entries = Object.entries(entity)
    .filter(([name]) => !ownColumns.has(name) && !name.startsWith('odata'))
    .map(([name, value]: [string, unknown]) =>
      value instanceof Date ? [`${name}Ms`, value.getTime()] : [name, value],
    );
  return Object.fromEntries(entries) as Record<string, unknown>;
}
