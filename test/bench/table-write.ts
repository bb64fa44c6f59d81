import { TableClient } from '@azure/data-tables';

/** One conditional write, such as records the outcome of a reset. */
export async function createTableWrite({
  storageConnectionString,
}: {
  readonly storageConnectionString: string;
}) {
  const table = TableClient.fromConnectionString(storageConnectionString, 'benchwrites', {
    allowInsecureConnection: true,
  });
  await table.createTable();
  const entity = { partitionKey: 'bench', rowKey: 'row', seal: 'x'.repeat(800) };
  await table.upsertEntity(entity);
  let { etag } = await table.getEntity('bench', 'row');

  return async (): Promise<void> => {
    const written = await table.updateEntity(entity, 'Replace', { etag });
    etag = written.etag ?? '';
  };
}
