import type { TableClient } from '@azure/data-tables';
import type { StoredEntity } from './entities.js';
import { type EntityKey, toColumns } from './entity-columns.js';
import { hasStatus, toStorageError } from './to-storage-error.js';

export interface FoundEntity extends StoredEntity {
  readonly key: EntityKey;
}

export interface EntityQuery {
  /** In the language of the table service; every condition must hold. */
  readonly where: readonly string[];
  /** @default all columns */
  readonly select?: readonly string[];
  /** How many are asked for at a time. @default 1,000, which is the most that the service gives */
  readonly pageSize?: number;
}

const mostOfTransaction = 100;

/**
 * All entities that match, in the order of their keys, page by page; the service may end a page early.
 *
 * Rejects with `StorageUnavailable` when the table does not answer.
 *
 * @see https://learn.microsoft.com/rest/api/storageservices/query-timeout-and-pagination
 */
export async function* queryEntities(
  table: TableClient,
  { where, select, pageSize = 1_000 }: EntityQuery,
  signal?: AbortSignal,
): AsyncGenerator<FoundEntity> {
  const pages = table
    .listEntities({
      queryOptions: { filter: where.join(' and '), ...(select && { select: [...select] }) },
      ...(signal && { abortSignal: signal }),
    })
    .byPage({ maxPageSize: pageSize });
  try {
    for await (const page of pages) yield* page.map(toFound);
  } catch (error) {
    throw toStorageError(error, 'read rows', signal);
  }
}

/** Deletes all entities that match and are meant. */
export async function deleteEntities(
  table: TableClient,
  where: readonly string[],
  isMeant: (key: EntityKey) => boolean = () => true,
): Promise<void> {
  let keys: EntityKey[] = [];
  const found = queryEntities(table, { where, select: ['PartitionKey', 'RowKey'] });
  for await (const { key } of found) {
    if (!isMeant(key)) continue;
    const isOther = keys[0] !== undefined && keys[0].partitionKey !== key.partitionKey;
    if (isOther || keys.length === mostOfTransaction) {
      await deleteTogether(table, keys);
      keys = [];
    }
    keys.push(key);
  }
  if (keys.length > 0) await deleteTogether(table, keys);
}

async function deleteTogether(table: TableClient, keys: readonly EntityKey[]): Promise<void> {
  try {
    await table.submitTransaction(keys.map((key) => ['delete', { ...key }]));
  } catch (error) {
    if (!hasStatus(error, 404)) throw toStorageError(error, 'delete rows');
    // Somebody else deletes too, or the answer to our own first try was lost.
    await Promise.all(keys.map((key) => deleteUnlessGone(table, key)));
  }
}

async function deleteUnlessGone(table: TableClient, key: EntityKey): Promise<void> {
  try {
    await table.deleteEntity(key.partitionKey, key.rowKey);
  } catch (error) {
    if (!hasStatus(error, 404)) throw toStorageError(error, 'delete a row');
  }
}

function toFound(entity: {
  readonly partitionKey?: string;
  readonly rowKey?: string;
  readonly etag: string;
}): FoundEntity {
  const { partitionKey = '', rowKey = '', etag } = entity;
  return { key: { partitionKey, rowKey }, columns: toColumns(entity), etag };
}
