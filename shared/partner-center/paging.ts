import { z } from 'zod';
import { ResetError } from '../password-reset/reset-error.js';
import type { Call, Send } from './call.js';
import type { AbsentCode } from './to-reset-error.js';

export interface Collection<Item> {
  readonly purpose: string;
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly item: z.ZodType<Item>;
  readonly absent: AbsentCode;
}

const maxPages = 2000;
const maxReplyBytes = 4 * 1024 * 1024;

const nextLink = z.object({
  uri: z.string(),
  method: z.string().nullish(),
  headers: z.array(z.object({ key: z.string(), value: z.string() })).nullish(),
});

/**
 * Every item of a collection, page after page as they are taken. It never ends early: a page that is
 * missing, repeats itself or leads elsewhere is a failure, so that nobody takes a part for the whole.
 *
 * @throws {@link ResetError} any code of a read
 * @see https://learn.microsoft.com/partner-center/developer/get-a-list-of-all-user-accounts-for-a-customer
 */
export async function* readCollection<Item>(
  send: Send,
  collection: Collection<Item>,
  signal: AbortSignal,
): AsyncGenerator<Item, void, undefined> {
  const { purpose, absent, path, query = {}, item } = collection;
  // `items` is required: a reply without it is not an empty collection.
  const reply = z.object({
    items: z.array(item),
    links: z.object({ next: nextLink.nullish() }).nullish(),
    continuationToken: z.string().nullish(),
  });
  const seen = new Set<string>();
  let page: Pick<Call<unknown>, 'path' | 'query' | 'headers'> = { path, query };

  while (seen.size < maxPages) {
    seen.add(JSON.stringify(page));
    const isFirst = seen.size === 1;
    // What was there a moment ago is not gone; Partner Center has answered 404 for a second page before.
    const missing = isFirst ? absent : 'PartnerCenterUnavailable';
    const { items, links, continuationToken } = await send(
      { ...page, purpose, method: 'GET', absent: missing, reply, maxReplyBytes },
      signal,
    );
    yield* items;

    const next = links?.next;
    if (next) page = followed(next, purpose);
    else if (continuationToken) page = continued({ path, query }, continuationToken);
    else return;
    if (seen.has(JSON.stringify(page))) throw brokenOff(purpose, 'a page leads back to itself');
  }
  throw brokenOff(purpose, `there are more than ${maxPages} pages`);
}

function followed({ uri, method, headers }: z.infer<typeof nextLink>, purpose: string) {
  if (method && method.toUpperCase() !== 'GET') {
    throw brokenOff(purpose, 'the link to the next page is not for reading');
  }
  // The token is one of these. A reply has no say in where a request goes or who sends it.
  const continuation = (headers ?? []).filter(({ key }) => /^ms-/i.test(key));
  return {
    path: uri,
    headers: Object.fromEntries(continuation.map(({ key, value }) => [key, value])),
  };
}

function continued(
  { path, query }: { readonly path: string; readonly query: Readonly<Record<string, string>> },
  continuationToken: string,
) {
  return {
    path,
    query: { ...query, seekOperation: 'Next' },
    headers: { 'MS-ContinuationToken': continuationToken },
  };
}

function brokenOff(purpose: string, reason: string): ResetError {
  return new ResetError('PartnerCenterUnavailable', `Cannot ${purpose}: ${reason}`);
}
