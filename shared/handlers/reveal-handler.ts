import type { HttpHandler } from '@azure/functions';
import type { RevealPassword } from '../password-reset/reveal-password.js';
import { log } from '../platform/log.js';
import type { HttpDoor } from './http-door.js';
import { toRevealPage } from './reveal-page.js';

export interface RevealHandlerDependencies {
  /** Answers failures with a page, too. */
  readonly door: HttpDoor;
  readonly revealPassword: RevealPassword;
  readonly now: () => number;
}

/**
 * `/reveal/{token}`: POST shows the password, once. Everything else only looks, because mail scanners and
 * previews follow links before their readers do. Whoever has the link may: it needs no other credential.
 */
export function createRevealHandler({
  door,
  revealPassword,
  now,
}: RevealHandlerDependencies): HttpHandler {
  return door(async ({ method, params }, signal, context) => {
    const token = params['token'] ?? '';
    if (method !== 'POST') return toRevealPage(await revealPassword.look(token, signal), now());
    const link = await revealPassword.open({ token, requestId: context.invocationId }, signal);
    const resetId = 'resetId' in link ? link.resetId : undefined;
    log(context, 'info', 'reveal link opened', { result: link.kind, resetId });
    return toRevealPage(link, now());
  });
}
