import type { TableClient, TransactionAction } from '@azure/data-tables';
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

export interface EntityUpdate extends EntityWrite {
  /** Of the entity that is to be replaced. */
  readonly etag: string;
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
      return replaceEntity(entityOf({ key, columns }), etag);
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
     * Entities of one partition, all or none. A `conflict` may be with our own first try, whose answer was
     * lost: whoever asks must be able to tell by what is there.
     */
    async replaceTogether(writes: readonly EntityUpdate[]): Promise<'replaced' | 'conflict'> {
      try {
        await table.submitTransaction(writes.map(updateOf).map(toAction));
        return 'replaced';
      } catch (error) {
        if (!isConflict(error)) throw toStorageError(error, 'change rows');
        return 'conflict';
      }
    },

    /**
     * Entities of one partition, at most 100. Those that are not the ones with their ETags any more stay
     * as they are: `false` in their place.
     */
    async replaceMany(writes: readonly EntityUpdate[]): Promise<readonly boolean[]> {
      const updates = writes.map(updateOf);
      try {
        await table.submitTransaction(updates.map(toAction));
        return updates.map(() => true);
      } catch (error) {
        if (!isConflict(error)) throw toStorageError(error, 'change rows');
        const replaced = updates.map(({ entity, etag }) => replaceEntity(entity, etag));
        return (await Promise.all(replaced)).map((one) => one !== 'conflict');
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

  async function replaceEntity(
    entity: Entity,
    etag: string,
  ): Promise<{ readonly etag: string } | 'conflict'> {
    try {
      const result = await table.updateEntity(entity, 'Replace', { etag });
      return { etag: result.etag ?? '' };
    } catch (error) {
      if (!isConflict(error)) throw toStorageError(error, 'change a row');
      const found = await readEntity(entity);
      return found?.revision === entity.revision ? found : 'conflict';
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

  function updateOf({ etag, ...write }: EntityUpdate): Update {
    return { entity: entityOf(write), etag };
  }

  function entityOf({ key, columns }: EntityWrite): Entity {
    return toEntity(key, columns, { schemaVersion, revision: randomUUID() });
  }
}

type Entity = ReturnType<typeof toEntity>;

interface Update {
  readonly entity: Entity;
  readonly etag: string;
}

function toAction({ entity, etag }: Update): TransactionAction {
  return ['update', entity, 'Replace', { etag }];
}

/** The entity was changed, or deleted. */
function isConflict(error: unknown): boolean {
  return hasStatus(error, 412) || hasStatus(error, 404);
}
