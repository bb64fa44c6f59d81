import { TableClient, TableServiceClient } from '@azure/data-tables';
import { BlobServiceClient } from '@azure/storage-blob';

/** A text in which a secret must not be, and where it comes from. */
export interface Sink {
  readonly name: string;
  readonly text: string;
}

/** Where a secret was found, and written how. */
export interface Leak {
  readonly sink: string;
  readonly secret: string;
  readonly encoding: string;
}

/** Secrets by a name that may be printed. */
export type Secrets = Readonly<Record<string, string>>;

/** Looks for each secret in each of the ways in which text tends to be written down. */
export function findLeaks(sinks: readonly Sink[], secrets: Secrets): Leak[] {
  return sinks.flatMap(({ name: sink, text }) =>
    Object.entries(secrets).flatMap(([secret, value]) =>
      Object.entries(encodingsOf(value))
        .filter(([, forms]) => forms.some((form) => text.includes(form)))
        .map(([encoding]) => ({ sink, secret, encoding })),
    ),
  );
}

function encodingsOf(value: string): Readonly<Record<string, readonly string[]>> {
  const bytes = Buffer.from(value);
  return {
    raw: [value],
    url: [encodeURIComponent(value), encodeURIComponent(value).replaceAll('%20', '+')],
    base64: base64AtAnyOffset(bytes),
    base64url: base64AtAnyOffset(bytes).map(toBase64Url),
    hex: [bytes.toString('hex'), bytes.toString('hex').toUpperCase()],
    json: [JSON.stringify(value).slice(1, -1)],
    html: [value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')],
    utf16: [Buffer.from(value, 'utf16le').toString('latin1')],
    piece: piecesOf(value),
  };
}

/** Base64 writes three bytes as four characters, so a text looks different at each of three offsets. */
function base64AtAnyOffset(bytes: Buffer): string[] {
  return [0, 1, 2].map((offset) => {
    const text = Buffer.concat([Buffer.alloc(offset), bytes]).toString('base64');
    const whole = text.replaceAll('=', '');
    // The first and last characters depend on what stands beside the secret.
    return whole.slice(Math.ceil((offset * 8) / 6), whole.length - 1);
  });
}

function toBase64Url(text: string): string {
  return text.replaceAll('+', '-').replaceAll('/', '_');
}

const pieceLength = 8;

/** Messages tend to quote a part of what they complain about. */
function piecesOf(value: string): string[] {
  const count = Math.max(1, value.length - pieceLength + 1);
  return Array.from({ length: count }, (_, start) => value.slice(start, start + pieceLength));
}

/** Everything that lies in the tables and blobs of the storage account. */
export async function readStorage(connectionString: string): Promise<Sink[]> {
  const [tables, blobs] = await Promise.all([
    readTables(connectionString),
    readBlobs(connectionString),
  ]);
  return [...tables, ...blobs];
}

async function readTables(connectionString: string): Promise<Sink[]> {
  const options = { allowInsecureConnection: true };
  const service = TableServiceClient.fromConnectionString(connectionString, options);
  const sinks: Sink[] = [];
  for await (const { name = '' } of service.listTables()) {
    const table = TableClient.fromConnectionString(connectionString, name, options);
    const rows: object[] = [];
    for await (const row of table.listEntities()) rows.push(row);
    sinks.push({ name: `table ${name}`, text: JSON.stringify(rows) });
  }
  return sinks;
}

/** The texts of the messages that requests to a queue put there, as sent and decoded. */
export function messagesIn(requestBodies: readonly string[]): string[] {
  return requestBodies.flatMap((body) => {
    const text = /<MessageText>(.*?)<\/MessageText>/s.exec(body)?.[1];
    return text === undefined ? [] : [body, Buffer.from(text, 'base64').toString()];
  });
}

async function readBlobs(connectionString: string): Promise<Sink[]> {
  const service = BlobServiceClient.fromConnectionString(connectionString);
  const sinks: Sink[] = [];
  for await (const container of service.listContainers()) {
    const client = service.getContainerClient(container.name);
    for await (const { name } of client.listBlobsFlat()) {
      const content = await client.getBlobClient(name).downloadToBuffer();
      sinks.push({ name: `blob ${container.name}/${name}`, text: content.toString('latin1') });
    }
  }
  return sinks;
}
