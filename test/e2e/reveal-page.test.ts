import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { TableClient } from '@azure/data-tables';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { createApiClient, passwordWorks } from '../../infra/local/api-client.js';
import { findBarriers, startBrowser } from './browser.js';
import { eventually } from './eventually.js';
import { aPlainPerson, type Person } from './people.js';
import { startTestStack, type TestStack } from './start-test-stack.js';

interface LinkedReset {
  readonly id: string;
  readonly link: string;
  readonly person: Person;
}

const heading = 'h1';
const button = 'button';
const password = '.password';

describe('the reveal page', () => {
  let stack: TestStack;
  let browser: Browser;
  let people = 0;

  beforeAll(async () => {
    [stack, browser] = await Promise.all([
      startTestStack({ settings: { LINK_EXPIRES_HOURS: '1' } }),
      startBrowser(),
    ]);
  }, 60_000);

  afterAll(async () => {
    await browser.close();
    await stack.stop();
  });

  afterEach(async () => {
    await Promise.all(browser.contexts().map((context) => context.close()));
  });

  const api = () => createApiClient(stack.facts, 'helpdesk');

  /** Resets somebody else each time. */
  async function aLink(person = aPlainPerson(stack, (people += 1))): Promise<LinkedReset> {
    const { customer, user } = person;
    const order = { customer: customer.tenantId, user: user.id };
    const { status, body } = await api().post('/password-resets', order);
    const { id, link } = body as { id: string; link: string };
    expect({ status, link }).toEqual({ status: 200, link: expect.stringContaining(`/${id}.`) });
    return { id, link, person };
  }

  async function visit(link: string, options: BrowserContextOptions = {}): Promise<Page> {
    const context = await browser.newContext(options);
    const page = await context.newPage();
    await page.goto(link);
    return page;
  }

  async function open(page: Page): Promise<string> {
    await page.click(button);
    return (await page.textContent(password)) ?? '';
  }

  const works = ({ person: { customer, user } }: LinkedReset, text: string) =>
    passwordWorks(stack.facts, {
      tenant: customer.tenantId,
      userPrincipalName: user.userPrincipalName,
      password: text,
    });

  /** As time would have changed it. */
  async function change({ id }: LinkedReset, columns: object): Promise<void> {
    const { storageConnectionString } = stack.facts;
    const table = TableClient.fromConnectionString(storageConnectionString, 'passwordresets', {
      allowInsecureConnection: true,
    });
    const key = { partitionKey: id.slice(0, '20260101-00'.length), rowKey: id };
    await table.updateEntity({ ...key, ...columns }, 'Merge');
  }

  it('shows the password at the press of the button, and it works', async () => {
    const reset = await aLink();
    const page = await visit(reset.link);

    expect(await page.textContent(heading)).toBe('A new password is ready for you');
    expect(await page.locator(password).count()).toBe(0);

    const shown = await open(page);
    expect(await page.title()).toBe('Your new password');
    expect(await works(reset, shown)).toBe(true);
    expect(stack.lines.join('\n')).not.toContain(shown);
  });

  it('shows it once, and tells who comes later when that was', async () => {
    const reset = await aLink();
    const shown = await open(await visit(reset.link));

    const page = await visit(reset.link);

    expect(await page.textContent(heading)).toBe('This link was used already');
    expect(await page.textContent('main')).toMatch(
      /opened before, on \d{1,2} \w+ \d{4} at \d\d:\d\d UTC\. If that was not you/,
    );
    expect(await page.locator(button).count()).toBe(0);
    expect(await page.content()).not.toContain(shown);
    const { body } = await api().get(`/password-resets/${reset.id}/result`);
    expect(body).toMatchObject({ status: 'Succeeded', openedAt: expect.any(String) });
    expect(body).not.toHaveProperty('link');
  });

  it('shows it to nobody again who loads the page again or goes back', async () => {
    const page = await visit((await aLink()).link);
    const shown = await open(page);

    await page.reload();
    expect(await page.content()).not.toContain(shown);
    await page.goBack();
    expect(await page.content()).not.toContain(shown);
  });

  it('shows it to one of two who open it at once', async () => {
    const { link } = await aLink();

    const answers = await Promise.all([1, 2].map(() => fetch(link, { method: 'POST' })));

    const texts = await Promise.all(answers.map((answer) => answer.text()));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 410]);
    expect(texts.filter((text) => text.includes('class="password"'))).toHaveLength(1);
  });

  it('is not used up by those who follow links before their readers do', async () => {
    const reset = await aLink();

    for (const method of ['GET', 'HEAD', 'GET', 'HEAD', 'GET', 'GET', 'GET']) {
      expect((await fetch(reset.link, { method })).status).toBe(200);
    }

    expect(await works(reset, await open(await visit(reset.link)))).toBe(true);
  });

  it('gives the same link to the caller who asks again, until it was opened', async () => {
    const { id, link } = await aLink();

    const { body } = await api().get(`/password-resets/${id}/result`);

    expect(body).toMatchObject({ link, linkExpiresAt: expect.any(String) });
  });

  it('shows nothing when the caller took the password back', async () => {
    const { id, link } = await aLink();

    const revoked = await api().post(`/password-resets/${id}/revoke`, {});

    expect(revoked).toMatchObject({ status: 200, body: { revokedAt: expect.any(String) } });
    const answer = await fetch(link, { method: 'POST' });
    expect(answer.status).toBe(410);
    expect(await answer.text()).toContain('This password was taken back');
    const { status, body } = await api().get(`/password-resets/${id}/result`);
    expect({ status, body }).toMatchObject({ status: 200, body: { id, status: 'Succeeded' } });
    expect(body).toHaveProperty('revokedAt');
    expect(body).not.toHaveProperty('link');
  });

  it('shows nothing of an older reset once a newer one has begun', async () => {
    const older = await aLink();
    const newer = await aLink(older.person);

    expect(await (await visit(older.link)).textContent(heading)).toBe('There is a newer password');
    expect((await fetch(older.link, { method: 'POST' })).status).toBe(410);
    expect(await works(newer, await open(await visit(newer.link)))).toBe(true);
  });

  it('shows nothing once the link has expired', async () => {
    const reset = await aLink();
    await change(reset, { settledAt: new Date(Date.now() - 3_600_000) });

    expect((await fetch(reset.link, { method: 'POST' })).status).toBe(410);
    expect(await (await visit(reset.link)).textContent(heading)).toBe('This link has expired');
  });

  it('shows each row of a job once, and none once the job is acknowledged', async () => {
    const persons = Array.from({ length: 3 }, () => aPlainPerson(stack, (people += 1)));
    const rows = persons.map(({ customer: { tenantId }, user: { id } }) => ({
      customer: tenantId,
      user: id,
    }));
    const { id: job } = (await api().post('/bulk-resets', { rows })).body as { id: string };
    const items = await eventually(async () => {
      const { status } = await api().get(`/bulk-resets/${job}/result`);
      if (status !== 200) return undefined;
      const { body } = await api().get(`/bulk-resets/${job}/rows`);
      return (body as { items: { id: string; link: string }[] }).items;
    });
    const [first, second, third] = items.map(({ link }) => link);
    const titleOf = async (link = '') => (await visit(link)).textContent(heading);

    await open(await visit(first ?? ''));
    expect(await titleOf(second)).toBe('A new password is ready for you');
    await api().post(`/password-resets/${items[1]?.id}/revoke`, {});
    expect(await titleOf(second)).toBe('This password was taken back');
    expect(await titleOf(third)).toBe('A new password is ready for you');
    await api().post(`/bulk-resets/${job}/acknowledge`, {});

    expect(await titleOf(first)).toBe('This link was used already');
    expect(await titleOf(third)).toBe('This password was taken back');
  });

  it('works without JavaScript', async () => {
    const reset = await aLink();
    const page = await visit(reset.link, { javaScriptEnabled: false });

    expect(await works(reset, await open(page))).toBe(true);
  });

  it('loads nothing else, and nothing of it is refused by its own policy', async () => {
    const { link } = await aLink();
    const page = await visit('about:blank');
    const requests: string[] = [];
    const complaints: string[] = [];
    page.on('request', (request) => requests.push(`${request.method()} ${request.url()}`));
    page.on('console', (message) => complaints.push(message.text()));

    await page.goto(link);
    await open(page);

    expect(requests).toEqual([`GET ${link}`, `POST ${link}`]);
    expect(complaints).toEqual([]);
    const font = await page.evaluate(
      `getComputedStyle(document.querySelector('.password')).fontFamily`,
    );
    expect(font).toContain('monospace');
  });

  it('can be used, and the password be copied, with the keyboard alone', async () => {
    const page = await visit((await aLink()).link);

    await page.keyboard.press('Tab');
    const outline = await page.evaluate(
      `getComputedStyle(document.activeElement).outlineStyle + document.activeElement.tagName`,
    );
    expect(outline).toBe('solidBUTTON');
    await page.keyboard.press('Enter');
    await page.waitForSelector(password);
    await page.keyboard.press('Control+a');

    const shown = await page.textContent(password);
    expect(await page.evaluate('getSelection().toString()')).toBe(shown);
  });

  it('selects the whole password at one click', async () => {
    const page = await visit((await aLink()).link);
    const shown = await open(page);

    await page.click(password);

    expect(await page.evaluate('getSelection().toString()')).toBe(shown);
  });

  it('fits a screen of 320 pixels', async () => {
    const page = await visit((await aLink()).link, { viewport: { width: 320, height: 568 } });
    const width = () => page.evaluate('document.documentElement.scrollWidth');

    expect(await width()).toBe(320);
    await open(page);
    expect(await width()).toBe(320);
  });

  describe.each(['light', 'dark'] as const)('in %s', (colorScheme) => {
    let reset: LinkedReset;

    beforeEach(async () => {
      reset = await aLink();
    });

    const visitState = (link = reset.link) => visit(link, { colorScheme, bypassCSP: true });

    it('keeps nobody from using it when it is ready, and when it shows the password', async () => {
      const page = await visitState();

      expect(await findBarriers(page)).toEqual([]);
      await open(page);
      expect(await findBarriers(page)).toEqual([]);
    });

    const now = new Date();
    const later = new Date(now.getTime() + 3_600_000);
    it.each([
      ['This link was used already', { openedAt: now }],
      ['This password was taken back', { revokedAt: now }],
      ['This link has expired', { settledAt: new Date(0) }],
      ['Your password is almost ready', { unknownAt: later }],
      ['Your password is not ready yet', { state: 'queued', notBefore: later }],
      ['There is no new password', { state: 'rejected', code: 'UserNotFound' }],
    ])('keeps nobody from understanding: %s', async (title, columns) => {
      await change(reset, columns);
      const page = await visitState();

      expect(await page.textContent(heading)).toBe(title);
      expect(await findBarriers(page)).toEqual([]);
    });

    it('keeps nobody from understanding that a link is wrong, or that another counts', async () => {
      await aLink(reset.person);

      expect(await findBarriers(await visitState())).toEqual([]);
      const wrong = await visitState(`${reset.link}x`);
      expect(await wrong.textContent(heading)).toBe('This link does not work');
      expect(await findBarriers(wrong)).toEqual([]);
    });
  });
});
