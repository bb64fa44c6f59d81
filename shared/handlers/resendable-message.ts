import { bulkResetBody } from './schemas.js';

const order = bulkResetBody.in.shape;
const row = order.rows.unwrap().element.shape;
const blob = order.blob.unwrap().shape;

/** A message of a queue holds 64 KiB, in base64. */
const maxMessageBytes = 49_152;

/**
 * The message as it may be kept, to be mended and sent again: with the id of its job, and without anything
 * that the queue does not know, which may be a password.
 */
export function toResendable(message: unknown, bulkResetId: string): object {
  const { rows, blob: file, ...plain } = isObject(message) ? message : {};
  return {
    ...pick(plain, order),
    ...(Array.isArray(rows) && { rows: rows.map((fields) => pick(fields, row)) }),
    ...(isObject(file) && { blob: pick(file, blob) }),
    bulkResetId,
  };
}

export function fitsIntoMessage(message: object): boolean {
  return Buffer.byteLength(JSON.stringify(message)) <= maxMessageBytes;
}

/** Plain values of these names. */
function pick(value: unknown, names: object): Record<string, unknown> {
  if (!isObject(value)) return {};
  return Object.fromEntries(
    Object.entries(value).filter(([name, of]) => Object.hasOwn(names, name) && !isObject(of)),
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
