import type { Call } from './call.js';
import { Refusal } from './refusal.js';

const defaultSize = 100;

/**
 * One page of a collection. `size=0` asks for all. The next page is asked for with
 * `seekOperation=Next` and the token in `MS-ContinuationToken`; without the former the token counts
 * for nothing and the first page comes again.
 *
 * @param linkPath the path in links, which some operations write with `/v1` and most without
 * @see https://learn.microsoft.com/partner-center/developer/get-a-list-of-all-user-accounts-for-a-customer
 */
export function toCollectionPage<T>(
  items: readonly T[],
  toResource: (item: T) => object,
  call: Call,
  linkPath = call.path,
): object {
  const size = readSize(call.query);
  const start = readStart(call, items.length);
  const end = size === 0 ? items.length : Math.min(items.length, start + size);
  const token = toToken(call.path, end);
  const next = new URLSearchParams(call.query);
  next.set('seekOperation', 'Next');
  return {
    // Of this page, not of all.
    totalCount: end - start,
    items: items.slice(start, end).map(toResource),
    ...(end < items.length && { continuationToken: token }),
    links: {
      self: { uri: linkPath + call.search, method: 'GET', headers: [] },
      ...(end < items.length && {
        next: {
          uri: `${linkPath}?${next.toString()}`,
          method: 'GET',
          headers: [{ key: 'MS-ContinuationToken', value: token }],
        },
      }),
    },
    attributes: { objectType: 'Collection' },
  };
}

function readSize(query: URLSearchParams): number {
  const size = query.get('size');
  if (size === null) return defaultSize;
  if (!/^\d{1,6}$/.test(size)) throw new Refusal('queryInvalid', { data: ['size'] });
  return Number(size);
}

function readStart(call: Call, count: number): number {
  const seek = call.query.get('seekOperation');
  if (seek === null || seek.toLowerCase() === 'first') return 0;
  if (seek.toLowerCase() !== 'next') throw new Refusal('queryInvalid', { data: ['seekOperation'] });
  const token = Buffer.from(call.continuationToken ?? '', 'base64').toString();
  const [path, start] = token.split(' ');
  if (path !== call.path || start === undefined) {
    throw new Refusal('queryInvalid', { data: ['MS-ContinuationToken'] });
  }
  return Math.min(Number(start), count);
}

/** Opaque to callers, and good for its own collection only. */
function toToken(path: string, start: number): string {
  return Buffer.from(`${path} ${start}`).toString('base64');
}
