import type { ServerResponse } from 'node:http';
import type { HttpCookie, HttpData } from './core-module.js';

/** Sends what a function returned; a function that returned nothing answers 200 without a body. */
export function sendHttpData(response: ServerResponse, data: HttpData | null | undefined): void {
  const { statusCode = '200', headers = {}, cookies = [], body } = data ?? {};
  response.statusCode = Number(statusCode);
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  for (const cookie of cookies) response.appendHeader('set-cookie', toSetCookie(cookie));
  response.end(body?.bytes);
}

const sameSiteAttributes = { lax: 'Lax', strict: 'Strict', explicitNone: 'None' };

/** @see https://www.rfc-editor.org/rfc/rfc6265#section-4.1 */
function toSetCookie(cookie: HttpCookie): string {
  const { name, value, domain, path, expires, secure, httpOnly, sameSite, maxAge } = cookie;
  const seconds = expires?.value?.seconds;
  const attributes: readonly (readonly [string, string | undefined])[] = [
    ['Expires', seconds === undefined ? undefined : new Date(seconds * 1000).toUTCString()],
    ['Max-Age', maxAge?.value?.toString()],
    ['Domain', domain?.value],
    ['Path', path?.value],
    ['SameSite', sameSite && sameSite !== 'none' ? sameSiteAttributes[sameSite] : undefined],
  ];
  return [
    `${encodeURIComponent(name ?? '')}=${encodeURIComponent(value ?? '')}`,
    ...attributes.flatMap(([key, text]) => (text === undefined ? [] : [`${key}=${text}`])),
    ...(secure?.value === true ? ['Secure'] : []),
    ...(httpOnly?.value === true ? ['HttpOnly'] : []),
  ].join('; ');
}
