import { randomUUID } from 'node:crypto';
import type { Faults } from '../faults/faults.js';
import { underFaults } from '../faults/transport-fault.js';
import type { LoopbackReply, LoopbackRequest } from '../loopback-server.js';
import { createAppGrants, type AppGrantsDependencies } from './app-grants.js';
import { createCallerApps, type CallerAppsDependencies } from './caller-apps.js';
import { readClientCredential } from './client-credential.js';
import { Refusal, refusalReply } from './refusal.js';
import { callerClaims, personClaims } from './token-claims.js';
import type { TokenFault } from './token-fault.js';
import { tokenReply, type TokenRequest } from './token-reply.js';
import { signInWithPassword, type UserSignIn } from './user-sign-in.js';

/** One call of the token endpoint, without any secret value. */
export interface RecordedTokenRequest {
  readonly atMs: number;
  /** As in the path: a GUID or a domain. */
  readonly tenant: string;
  readonly grantType: string | undefined;
  readonly clientId: string | undefined;
  /** A number is the AADSTS code; `unanswered` is a fault on the way. */
  readonly outcome: 'issued' | 'unanswered' | number;
}

interface Dependencies extends AppGrantsDependencies, CallerAppsDependencies {
  readonly directory: UserSignIn;
  readonly faults: Faults<TokenFault>;
  readonly onRequest: (request: RecordedTokenRequest) => void;
}

export type TokenEndpoint = (
  authority: string,
  tenant: string,
  request: LoopbackRequest,
) => Promise<LoopbackReply>;

/**
 * `POST /{tenant}/oauth2/v2.0/token`: the grants of the app, the client-credentials grant of callers, and
 * the password grant of any user of the directory.
 */
export function createTokenEndpoint(dependencies: Dependencies): TokenEndpoint {
  const { directory, signToken, faults, onRequest, now } = dependencies;
  const issueToApp = createAppGrants(dependencies);
  const callerApps = createCallerApps(dependencies);

  async function issueToUser({ authority, tenant, form }: TokenRequest): Promise<LoopbackReply> {
    const userPrincipalName = signInWithPassword(directory, tenant, form);
    const clientId = form.get('client_id') ?? '';
    const token = { audience: clientId, tenantId: tenant, clientId, objectId: randomUUID() };
    const signed = await signToken({
      ...callerClaims(authority, token, now()),
      ...personClaims(token),
      preferred_username: userPrincipalName,
    });
    return tokenReply({
      scope: form.get('scope') ?? 'openid',
      expires_in: 3600,
      ext_expires_in: 3600,
      access_token: signed,
      id_token: signed,
    });
  }

  return async (authority, tenant, { method, headers, body }) => {
    const form = new URLSearchParams(body);
    const { authorization } = headers;
    const request: TokenRequest = { authority, tenant, form, authorization };
    const grantType = form.get('grant_type') ?? undefined;
    const { clientId } = readClientCredential(form, authorization);
    const issueToCaller = callerApps.find(clientId);
    const isForApp = grantType !== 'password' && issueToCaller === undefined;
    const atMs = now();
    let outcome: RecordedTokenRequest['outcome'] = 'unanswered';

    const answer = async (taken: readonly TokenFault[]): Promise<LoopbackReply> => {
      try {
        if (method !== 'POST') throw new Refusal(900561);
        if (!grantType) throw new Refusal(900144);
        const refused = taken.find((fault) => 'aadsts' in fault);
        if (refused !== undefined) throw new Refusal(refused.aadsts, refused.error);
        const reply = await (grantType === 'password'
          ? issueToUser(request)
          : (issueToCaller?.(request) ?? issueToApp(request, taken)));
        outcome = 'issued';
        return reply;
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        outcome = error.code;
        return refusalReply(error, now());
      }
    };

    const taken = isForApp ? faults.take() : [];
    const reply = await underFaults(taken, () => answer(taken));
    onRequest({ atMs, tenant, grantType, clientId, outcome });
    return reply;
  };
}
