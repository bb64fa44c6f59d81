import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { z } from 'zod';
import type { Send } from '../../../shared/partner-center/call.js';
import { readCollection } from '../../../shared/partner-center/paging.js';
import type { ResetError } from '../../../shared/password-reset/reset-error.js';
import { fakeSend } from './fake-send.js';

// The same pages in every run: a test that turns red was broken by a change, not by the draw.
fc.configureGlobal({ seed: 20_260_101, numRuns: 300 });

const { signal } = new AbortController();
const canary = 'canary-7f3a';

/** One page of a service: what is on it, and which comes next and how it says so. */
interface Page {
  readonly items: readonly string[];
  readonly next: number | undefined;
  readonly continuesBy: 'link' | 'token' | 'both';
}

describe('readCollection()', () => {
  it('gives every item once and in order, however they are split into pages', async () => {
    await fc.assert(
      fc.asyncProperty(somePages(), async (anyPages) => {
        const pages = anyPages.map((page, at) => ({
          ...page,
          next: at + 1 < anyPages.length ? at + 1 : undefined,
        }));
        const { send, asked } = aService(pages);

        const { items, failure } = await readAll(send);

        expect(failure).toBeUndefined();
        expect(items).toEqual(pages.flatMap((page) => page.items));
        expect(asked).toEqual(pages.map((_, at) => at));
      }),
    );
  });

  it('ends only where the pages do, and otherwise fails before it goes round again', async () => {
    await fc.assert(
      fc.asyncProperty(somePages(), async (pages) => {
        const { send, asked, addresses } = aService(pages);

        const { failure } = await readAll(send);

        const hasEnded = pages[asked.at(-1) ?? 0]?.next === undefined;
        expect(failure?.code).toBe(hasEnded ? undefined : 'PartnerCenterUnavailable');
        expect(new Set(addresses).size).toBe(addresses.length);
      }),
    );
  });

  it('reads on only as itself, whatever a page says, and repeats nothing of it', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyReply(), { minLength: 1, maxLength: 4 }), async (replies) => {
        const { send, calls } = fakeSend(...replies);

        const { items, failure } = await readAll(send);

        const sent = calls.map(({ method, headers = {} }) => [method, ...Object.keys(headers)]);
        expect(sent.flat().filter((word) => !/^(?:GET|ms-.*)$/i.test(word))).toEqual([]);
        expect(items.length).toBeLessThanOrEqual(JSON.stringify(replies).length);
        expect([undefined, 'PartnerCenterUnavailable']).toContain(failure?.code);
        expect(failure?.message ?? '').not.toContain(canary);
      }),
    );
  });
});

/** They lead anywhere: to the end, to each other, or round in a circle. */
function somePages(): fc.Arbitrary<Page[]> {
  return fc.integer({ min: 1, max: 12 }).chain((count) =>
    fc.array(
      fc.record({
        items: fc.array(fc.string(), { maxLength: 3 }),
        next: fc.option(fc.nat({ max: count - 1 }), { nil: undefined, freq: 5 }),
        continuesBy: fc.constantFrom('link', 'token', 'both'),
      }),
      { minLength: count, maxLength: count },
    ),
  );
}

/** Gives the page whose token it is asked with, the first without one. */
function aService(pages: readonly Page[]) {
  const asked: number[] = [];
  const addresses: string[] = [];
  const send: Send = ({ path, query, headers = {}, reply }) => {
    const at = Number(headers['MS-ContinuationToken'] ?? 0);
    asked.push(at);
    addresses.push(JSON.stringify({ path, query, headers }));
    return Promise.resolve(reply.parse(toReply(pages[at])));
  };
  return { send, asked, addresses };
}

function toReply(page: Page | undefined): unknown {
  if (page?.next === undefined) return { items: page?.items };
  const { items, next, continuesBy } = page;
  const headers = [{ key: 'MS-ContinuationToken', value: String(next) }];
  const links = { next: { uri: '/letters?seekOperation=Next', method: 'GET', headers } };
  return {
    items,
    ...(continuesBy !== 'token' && { links }),
    ...(continuesBy !== 'link' && { continuationToken: String(next) }),
  };
}

/** What is a page, or nearly one, or none. */
function anyReply(): fc.Arbitrary<unknown> {
  const aWord = fc.constantFrom(canary, `MS-${canary}`, 'Authorization', 'Host', 'GET', 'DELETE');
  const aHeader = fc.record({ key: aWord, value: aWord });
  const anyValue = fc.jsonValue({ maxDepth: 1 });
  const or = <T>(usual: fc.Arbitrary<T>) =>
    fc.oneof({ weight: 9, arbitrary: usual }, { weight: 1, arbitrary: anyValue });
  const aLink = fc.record(
    { uri: aWord, method: or(aWord), headers: or(fc.array(or(aHeader), { maxLength: 3 })) },
    { requiredKeys: ['uri'] },
  );
  return or(
    fc.record(
      {
        items: or(fc.array(or(aWord), { maxLength: 3 })),
        links: or(fc.record({ next: or(aLink) }, { requiredKeys: [] })),
        continuationToken: or(aWord),
      },
      { requiredKeys: ['items'] },
    ),
  );
}

async function readAll(send: Send) {
  const collection = {
    purpose: 'list the letters',
    path: '/letters',
    item: z.string(),
    absent: 'CustomerNotFound' as const,
  };
  const items: string[] = [];
  try {
    for await (const item of readCollection(send, collection, signal)) items.push(item);
    return { items };
  } catch (error) {
    return { items, failure: error as ResetError };
  }
}
