import type { z } from 'zod';

export interface EntityKey {
  readonly partitionKey: string;
  readonly rowKey: string;
}

export type Columns = Readonly<Record<string, unknown>>;

/**
 * An entity as the table takes it. Values named `…Ms` are stored as dates under the name without the
 * ending; what is undefined is left out.
 */
export function toEntity(
  { partitionKey, rowKey }: EntityKey,
  columns: object,
  own: { readonly schemaVersion: number; readonly revision: string },
) {
  const entity: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(columns) as [string, unknown][]) {
    if (value === undefined) continue;
    if (name.endsWith('Ms')) entity[name.slice(0, -2)] = new Date(value as number);
    else entity[name] = value;
  }
  return { ...entity, partitionKey, rowKey, ...own };
}

const tableColumns = new Set(['partitionKey', 'rowKey', 'revision', 'etag', 'timestamp']);

/** What {@link toEntity} was given for this entity, and its `schemaVersion`. */
export function toColumns(entity: object): Columns {
  const entries = Object.entries(entity)
    .filter(([name]) => !tableColumns.has(name) && !name.startsWith('odata'))
    .map(([name, value]: [string, unknown]) =>
      value instanceof Date ? [`${name}Ms`, value.getTime()] : [name, value],
    );
  return Object.fromEntries(entries) as Record<string, unknown>;
}

/** @throws when the columns do not fit, or a later version of the app wrote them and they may mean anything */
export function createColumnsParser<Row>(schema: z.ZodType<Row>, schemaVersion: number) {
  return (columns: Columns): Row => {
    const { schemaVersion: found } = columns as { readonly schemaVersion?: unknown };
    if (typeof found !== 'number' || found > schemaVersion) {
      throw new Error(`Cannot understand an entity of schema version ${String(found)}`);
    }
    return schema.parse(columns);
  };
}
