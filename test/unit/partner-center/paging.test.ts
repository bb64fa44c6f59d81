import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import type { Send } from '../../../shared/partner-center/call.js';
import { type Collection, readCollection } from '../../../shared/partner-center/paging.js';
import { fakeSend } from './fake-send.js';

const signal = new AbortController().signal;
const letters: Collection<string> = {
  purpose: 'list the letters',
  path: '/letters',
  query: { size: '2' },
  item: z.string(),
  absent: 'CustomerNotFound',
};

async function readAll(send: Send): Promise<string[]> {
  const items: string[] = [];
  for await (const item of readCollection(send, letters, signal)) items.push(item);
  return items;
}

function aLink(token: string) {
  return {
    uri: '/letters?size=2&seekOperation=Next',
    method: 'GET',
    headers: [{ key: 'MS-ContinuationToken', value: token }],
  };
}

describe('readCollection()', () => {
  it('follows the links to the end, with their headers', async () => {
    const { send, calls } = fakeSend(
      { items: ['a', 'b'], links: { next: aLink('token-1') } },
      { items: ['c'], links: { next: null }, continuationToken: null },
    );

    expect(await readAll(send)).toEqual(['a', 'b', 'c']);
    expect(calls).toMatchObject([
      { method: 'GET', path: '/letters', query: { size: '2' }, absent: 'CustomerNotFound' },
      {
        method: 'GET',
        path: '/letters?size=2&seekOperation=Next',
        headers: { 'MS-ContinuationToken': 'token-1' },
      },
    ]);
  });

  it('continues by the token when there is no link', async () => {
    const { send, calls } = fakeSend(
      { items: ['a'], continuationToken: 'token-1' },
      { items: ['b'], continuationToken: 'token-2' },
      { items: ['c'] },
    );

    expect(await readAll(send)).toEqual(['a', 'b', 'c']);
    expect(calls[2]).toMatchObject({
      path: '/letters',
      query: { size: '2', seekOperation: 'Next' },
      headers: { 'MS-ContinuationToken': 'token-2' },
    });
  });

  it('asks for the next page only when it is needed', async () => {
    const { send, calls } = fakeSend({ items: ['a'], continuationToken: 'token-1' });

    for await (const item of readCollection(send, letters, signal)) if (item === 'a') break;

    expect(calls).toHaveLength(1);
  });

  it('goes on after a page without items', async () => {
    const { send } = fakeSend({ items: [], continuationToken: 'token-1' }, { items: ['a'] });

    expect(await readAll(send)).toEqual(['a']);
  });

  it('takes only the service headers of a link, so that a reply cannot say who asks', async () => {
    const headers = [
      { key: 'Authorization', value: 'Bearer other' },
      { key: 'Host', value: 'example.com' },
      { key: 'ms-continuationtoken', value: 'token-1' },
    ];
    const { send, calls } = fakeSend(
      { items: [], links: { next: { uri: '/letters', headers } } },
      { items: [] },
    );

    await readAll(send);

    expect(calls[1]?.headers).toEqual({ 'ms-continuationtoken': 'token-1' });
  });

  it('does not take a missing later page for a missing customer', async () => {
    const { send, calls } = fakeSend({ items: [], continuationToken: 'token-1' }, { items: [] });

    await readAll(send);

    expect(calls[1]).toMatchObject({ absent: 'PartnerCenterUnavailable' });
  });

  it.each([
    ['the same link', { items: [], links: { next: aLink('token-1') } }],
    ['the same token', { items: [], continuationToken: 'token-1' }],
  ])('breaks off when a page gives %s again', async (_, page) => {
    const { send, calls } = fakeSend(page, page, page);

    await expect(readAll(send)).rejects.toMatchObject({
      code: 'PartnerCenterUnavailable',
      message: 'Cannot list the letters: a page leads back to itself',
    });
    expect(calls).toHaveLength(2);
  });

  it('breaks off when two pages lead to each other', async () => {
    const { send, calls } = fakeSend(
      { items: [], continuationToken: 'token-1' },
      { items: [], continuationToken: 'token-2' },
      { items: [], continuationToken: 'token-1' },
    );

    await expect(readAll(send)).rejects.toMatchObject({ code: 'PartnerCenterUnavailable' });
    expect(calls).toHaveLength(3);
  });

  it('breaks off after 2000 pages', async () => {
    const pages = Array.from({ length: 2001 }, (_, n) => ({
      items: [],
      continuationToken: `token-${n}`,
    }));
    const { send, calls } = fakeSend(...pages);

    await expect(readAll(send)).rejects.toMatchObject({
      message: 'Cannot list the letters: there are more than 2000 pages',
    });
    expect(calls).toHaveLength(2000);
  });

  it('refuses a link that would change something', async () => {
    const next = { ...aLink('token-1'), method: 'DELETE' };
    const { send, calls } = fakeSend({ items: [], links: { next } });

    await expect(readAll(send)).rejects.toMatchObject({ code: 'PartnerCenterUnavailable' });
    expect(calls).toHaveLength(1);
  });

  it.each([
    ['no items', {}],
    ['null for items', { items: null }],
    ['an item of another kind', { items: [1] }],
    ['a link without an address', { items: [], links: { next: { method: 'GET' } } }],
  ])('does not take a reply with %s for an end', async (_, page) => {
    const { send } = fakeSend(page);

    await expect(readAll(send)).rejects.toMatchObject({ code: 'PartnerCenterUnavailable' });
  });
});
