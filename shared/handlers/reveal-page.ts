import type { LinkObstacle, OpenedLink } from '../password-reset/reveal-password.js';
import type { TextResponse } from './error-response.js';
import { Html, html } from './html.js';
import { toPollSeconds } from './password-reset-view.js';
import { revealStyle, revealStyleSource } from './reveal-style.js';

/** What somebody who follows a link gets to see: a page without scripts, and with nothing from elsewhere. */
export function toRevealPage(link: OpenedLink, nowMs: number): TextResponse {
  switch (link.kind) {
    case 'ready':
      return respond(200, readyPage(link.expiresAtMs));
    case 'password':
      return respond(200, passwordPage(link.password.reveal(), link.forceChangePassword));
    case 'notYet':
      return respond(200, obstaclePage(link), { 'Retry-After': toPollSeconds(0) });
    case 'settling':
      return respond(200, obstaclePage(link), {
        'Retry-After': toPollSeconds(link.untilMs - nowMs),
      });
    case 'failed':
      return respond(409, obstaclePage(link));
    case 'unknown':
      return respond(404, obstaclePage(link));
    case 'opened':
    case 'revoked':
    case 'expired':
    case 'superseded':
      return respond(410, obstaclePage(link));
  }
}

const retrySeconds = '30';

/** The page for whatever keeps us from looking: it may pass. */
export function toUnavailablePage(): TextResponse {
  const page = document({
    title: 'Cannot be shown right now',
    content: html`<p>
      Something that this page needs does not answer. Your password was not shown. Wait a minute,
      then open the link again.
    </p>`,
  });
  return respond(503, page, { 'Retry-After': retrySeconds });
}

function readyPage(expiresAtMs: number): Html {
  return document({
    title: 'A new password is ready for you',
    content: html`<p>
        It is shown <strong>only once</strong>. Press the button when you are ready to sign in with
        it and nobody else sees your screen.
      </p>
      <form method="post"><button>Show the password</button></form>
      <p class="quiet">
        Nothing has been shown yet. The link works until ${time(expiresAtMs)}. If you did not expect
        a new password, leave it closed and tell whoever gave you this link.
      </p>`,
  });
}

function passwordPage(password: string, forceChangePassword: boolean): Html {
  const next = forceChangePassword
    ? 'When you sign in with it, you will be asked to choose a password of your own.'
    : 'It stays your password until you change it.';
  return document({
    title: 'Your new password',
    bodyClass: 'revealed',
    content: html`<p class="password" translate="no">${Array.from(password, toSpan)}</p>
      <p class="quiet">
        A click or a tap selects the whole of it, and so does Ctrl+A (⌘A on a Mac).
        <span class="digit">Digits</span> and <span class="symbol">symbols</span> have colours of
        their own.
      </p>
      <p>${next}</p>
      <p>
        <strong>This page does not come back.</strong> Once it is closed or loaded again, the
        password is gone: keep it open until you have signed in.
      </p>`,
  });
}

function obstaclePage(link: LinkObstacle): Html {
  switch (link.kind) {
    case 'unknown':
      return document({
        title: 'This link does not work',
        content: html`<p>
          Check that the whole of it was copied, to the last character. Otherwise ask whoever gave
          it to you for a new one.
        </p>`,
      });
    case 'notYet':
      return document({
        title: 'Your password is not ready yet',
        content: html`<p>It is still being set. Load this page again in a minute.</p>`,
      });
    case 'settling':
      return document({
        title: 'Your password is almost ready',
        content: html`<p>
          It can be shown from ${time(link.untilMs)} on, when it is certain that it works. Load this
          page again then.
        </p>`,
      });
    case 'failed':
      return document({
        title: 'There is no new password',
        content: html`<p>The reset did not succeed. Tell whoever gave you this link.</p>`,
      });
    case 'superseded':
      return document({
        title: 'There is a newer password',
        content: html`<p>
          Your password was reset again after this link was made, so this one may not work any more.
          Use the newer one.
        </p>`,
      });
    case 'revoked':
      return document({
        title: 'This password was taken back',
        content: html`<p>
          Whoever asked for it withdrew it on ${time(link.atMs)}. Ask for a new link if you still
          need one.
        </p>`,
      });
    case 'opened':
      return document({
        title: 'This link was used already',
        content: html`<p>
          This password was opened before, on ${time(link.atMs)}. If that was not you, tell whoever
          gave you this link at once: somebody else may know your password.
        </p>`,
      });
    case 'expired':
      return document({
        title: 'This link has expired',
        content: html`<p>
          Nobody can open it any more. Ask whoever gave it to you for a new one.
        </p>`,
      });
  }
}

interface Page {
  readonly title: string;
  readonly content: Html;
  readonly bodyClass?: string;
}

/** Not a space more: the policy allows just this. */
const style = new Html(`<style>${revealStyle}</style>`);

function document({ title, content, bodyClass = '' }: Page): Html {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title}</title>
        ${style}
      </head>
      <body class="${bodyClass}">
        <main>
          <h1>${title}</h1>
          ${content}
        </main>
      </body>
    </html>`;
}

function toSpan(character: string): Html {
  if (/[A-Za-z]/.test(character)) return html`${character}`;
  const kind = /\d/.test(character) ? 'digit' : 'symbol';
  return html`<span class="${kind}">${character}</span>`;
}

const inWords = new Intl.DateTimeFormat('en-GB', {
  dateStyle: 'long',
  timeStyle: 'short',
  timeZone: 'UTC',
});

/** The day before the time, in one time zone for all: nobody's is known. */
function time(ms: number): Html {
  const date = new Date(ms);
  return html`<time datetime="${date.toISOString()}">${inWords.format(date)} UTC</time>`;
}

const policy = [
  "default-src 'none'",
  `style-src ${revealStyleSource}`,
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** Beside what every answer has: it is not stored, and its type is not guessed. */
const pageHeaders = {
  'Content-Type': 'text/html; charset=utf-8',
  'Content-Security-Policy': policy,
  'Referrer-Policy': 'no-referrer',
  'X-Robots-Tag': 'noindex, nofollow',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Permissions-Policy': 'camera=(), display-capture=(), geolocation=(), microphone=()',
};

function respond(
  status: number,
  { text }: Html,
  headers: Readonly<Record<string, string>> = {},
): TextResponse {
  return { status, headers: { ...headers, ...pageHeaders }, body: text };
}
