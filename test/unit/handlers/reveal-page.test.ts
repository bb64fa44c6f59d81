import { describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import { toRevealPage, toUnavailablePage } from '../../../shared/handlers/reveal-page.js';
import type { OpenedLink } from '../../../shared/password-reset/reveal-password.js';
import { Secret } from '../../../shared/platform/secret.js';

const nowMs = Date.UTC(2026, 10, 21, 9, 30);
const everyCharacter = String.fromCharCode(...Array.from({ length: 95 }, (_, at) => 32 + at));

describe('toRevealPage()', () => {
  const { kind, ...shown } = {
    kind: 'password' as const,
    resetId: 'reset-1',
    password: new Secret('Kq7-x'),
    forceChangePassword: true,
  };
  const password: OpenedLink = { kind, ...shown };
  const ready: OpenedLink = { kind: 'ready', resetId: 'reset-1', expiresAtMs: nowMs };
  const states: readonly [OpenedLink, number, string][] = [
    [ready, 200, 'A new password is ready for you'],
    [password, 200, 'Your new password'],
    [{ kind: 'notYet' }, 200, 'Your password is not ready yet'],
    [{ kind: 'settling', untilMs: nowMs }, 200, 'Your password is almost ready'],
    [{ kind: 'unknown' }, 404, 'This link does not work'],
    [{ kind: 'failed' }, 409, 'There is no new password'],
    [{ kind: 'superseded' }, 410, 'There is a newer password'],
    [{ kind: 'revoked', atMs: nowMs }, 410, 'This password was taken back'],
    [{ kind: 'opened', atMs: nowMs }, 410, 'This link was used already'],
    [{ kind: 'expired' }, 410, 'This link has expired'],
  ];

  describe.each(states)('of %j', (link, status, title) => {
    const page = toRevealPage(link, nowMs);

    it('says in its title and its only heading how the link stands', () => {
      expect(page.status).toBe(status);
      expect(page.body).toContain(`<title>${title}</title>`);
      expect(page.body.match(/<h1>.*?<\/h1>/g)).toEqual([`<h1>${title}</h1>`]);
      expect(page.body).toMatch(/^<!doctype html>\s*<html lang="en">/);
    });

    it('allows its own style and nothing else', () => {
      const [, style = ''] = /<style>([\s\S]*?)<\/style>/.exec(page.body) ?? [];
      const hash = createHash('sha256').update(style).digest('base64');

      expect(page.headers).toMatchObject({
        'Content-Type': 'text/html; charset=utf-8',
        'Content-Security-Policy': [
          "default-src 'none'",
          `style-src 'sha256-${hash}'`,
          "form-action 'self'",
          "base-uri 'none'",
          "frame-ancestors 'none'",
        ].join('; '),
        'Referrer-Policy': 'no-referrer',
        'X-Robots-Tag': 'noindex, nofollow',
        'Cross-Origin-Opener-Policy': 'same-origin',
      });
      expect(page.body).not.toMatch(/<script|javascript:|\bon\w+=|https?:|\bsrc=|\bstyle=/);
    });
  });

  it('has a button only where there is something to open', () => {
    const withButton = states.filter(([link]) =>
      toRevealPage(link, nowMs).body.includes('<button'),
    );

    expect(withButton.map(([{ kind }]) => kind)).toEqual(['ready']);
  });

  it.each<[OpenedLink]>([
    [{ kind: 'opened', atMs: nowMs }],
    [{ kind: 'revoked', atMs: nowMs }],
    [{ kind: 'settling', untilMs: nowMs }],
    [{ kind: 'ready', resetId: 'reset-1', expiresAtMs: nowMs }],
  ])('gives the time for people and for machines: %j', (link) => {
    expect(toRevealPage(link, nowMs).body).toContain(
      '<time datetime="2026-11-21T09:30:00.000Z">21 November 2026 at 09:30 UTC</time>',
    );
  });

  it.each([
    ['Kq7-x', 'Kq<span class="digit">7</span><span class="symbol">-</span>x'],
    ['<b>', '<span class="symbol">&#60;</span>b<span class="symbol">&#62;</span>'],
    [' a ', '<span class="symbol"> </span>a<span class="symbol"> </span>'],
  ])('tells digits and symbols of a password from letters: %s', (text, marked) => {
    const { body } = toRevealPage({ ...password, password: new Secret(text) }, nowMs);

    expect(body).toContain(`<p class="password" translate="no">${marked}</p>`);
  });

  it.each(['Kq7-x', everyCharacter, '</p><script>alert(1)</script>', '&amp;'])(
    'shows the password as it is, and nothing around it: %j',
    (text) => {
      const { body } = toRevealPage({ ...password, password: new Secret(text) }, nowMs);

      expect(textOf(/<p class="password"[^>]*>([\s\S]*?)<\/p>/.exec(body)?.[1])).toBe(text);
    },
  );

  it.each([
    [true, 'you will be asked to choose a password of your own'],
    [false, 'It stays your password until you change it'],
  ])('says what comes next when another must be chosen: %s', (forceChangePassword, text) => {
    expect(toRevealPage({ ...password, forceChangePassword }, nowMs).body).toContain(text);
  });

  it.each<[OpenedLink, string | undefined]>([
    [{ kind: 'notYet' }, '5'],
    [{ kind: 'settling', untilMs: nowMs + 42_000 }, '42'],
    [{ kind: 'settling', untilMs: nowMs + 300_000 }, '60'],
    [{ kind: 'expired' }, undefined],
  ])('says when to come again: %j', (link, seconds) => {
    expect(toRevealPage(link, nowMs).headers['Retry-After']).toBe(seconds);
  });
});

describe('toUnavailablePage()', () => {
  it('says that nothing was shown, and when to come again', () => {
    const { status, headers, body } = toUnavailablePage();

    expect(status).toBe(503);
    expect(headers).toMatchObject({ 'Retry-After': '30', 'Referrer-Policy': 'no-referrer' });
    expect(body).toContain('Your password was not shown');
  });
});

/** As a browser reads it. */
function textOf(markup = ''): string {
  return markup
    .replaceAll(/<[^>]*>/g, '')
    .replaceAll(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code)));
}
