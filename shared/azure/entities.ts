import type { TableClient } from '@azure/data-tables';
import { randomUUID } from 'node:crypto';
import { type Columns, type EntityKey, toColumns, toEntity } from './entity-columns.js';
import { hasStatus, toStorageError } from './to-storage-error.js';

export interface StoredEntity {
  readonly columns: Columns;
  readonly etag: string;
}

export interface EntityWrite {
  readonly key: EntityKey;
  readonly columns: object;
}

/**
 * Conditional writes that know their own. The SDK repeats a write whose answer was lost, and the
 * repetition is refused because of the first; so each write carries a revision, and a refusal means
 * "look whose it is", not "somebody else won".
 *
 * Everything rejects with `StorageUnavailable` when the table does not answer.
 */
export function createEntities(table: TableClient, schemaVersion: number) {
  return {
    /** The entity as stored: this one, or the one that was there before. */
    async createOrRead(
      key: EntityKey,
      columns: object,
    ): Promise<StoredEntity & { isNew: boolean }> {
      const entity = entityOf({ key, columns });
      try {
        const { etag = '' } = await table.createEntity(entity);
        return { columns: { ...columns }, etag, isNew: true };
      } catch (error) {
        if (!hasStatus(error, 409)) throw toStorageError(error, 'create a row');
        const found = await readEntity(key);
        if (found === undefined) throw toStorageError(error, 'create a row');
        return { ...found, isNew: found.revision === entity.revision };
      }
    },

    read: readEntity,

    /** `conflict` when the entity is not the one with this ETag any more. */
    async replace(
      key: EntityKey,
      columns: object,
      etag: string,
    ): Promise<{ readonly etag: string } | 'conflict'> {
      const entity = entityOf({ key, columns });
      try {
        const result = await table.updateEntity(entity, 'Replace', { etag });
        return { etag: result.etag ?? '' };
      } catch (error) {
        if (!isConflict(error)) throw toStorageError(error, 'change a row');
        const found = await readEntity(key);
        return found?.revision === entity.revision ? found : 'conflict';
      }
    },

    /** Entities of one partition, at most 100. Those that exist already stay as they are. */
    async createMany(writes: readonly EntityWrite[]): Promise<void> {
      const entities = writes.map(entityOf);
      try {
        await table.submitTransaction(entities.map((entity) => ['create', entity]));
      } catch (error) {
        if (!hasStatus(error, 409)) throw toStorageError(error, 'create rows');
        await Promise.all(entities.map(createUnlessThere));
      }
    },

    /**
     * Entities of one partition, at most 100. Those that are not the ones with their ETags any more stay
     * as they are.
     */
    async replaceMany(writes: readonly (EntityWrite & { readonly etag: string })[]): Promise<void> {
      const updates = writes.map(({ etag, ...write }) => ({ entity: entityOf(write), etag }));
      try {
        await table.submitTransaction(
          updates.map(({ entity, etag }) => ['update', entity, 'Replace', { etag }]),
        );
      } catch (error) {
        if (!isConflict(error)) throw toStorageError(error, 'change rows');
        await Promise.all(updates.map(replaceUnlessChanged));
      }
    },
  };

  async function createUnlessThere(entity: Entity): Promise<void> {
    try {
      await table.createEntity(entity);
    } catch (error) {
      if (!hasStatus(error, 409)) throw toStorageError(error, 'create a row');
    }
  }

  async function replaceUnlessChanged({ entity, etag }: { entity: Entity; etag: string }) {
    try {
      await table.updateEntity(entity, 'Replace', { etag });
    } catch (error) {
      if (!isConflict(error)) throw toStorageError(error, 'change a row');
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

  function entityOf({ key, columns }: EntityWrite): Entity {
    return toEntity(key, columns, { schemaVersion, revision: randomUUID() });
  }
}

type Entity = ReturnType<typeof toEntity>;

/** The entity was changed, or deleted. */
function isConflict(error: unknown): boolean {
  return hasStatus(error, 412) || hasStatus(error, 404);
}
