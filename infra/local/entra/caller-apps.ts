import type { LoopbackReply } from '../loopback-server.js';
import { checkTenant } from './app-grants.js';
import {
  createCheckClient,
  readClientCredential,
  type AppRegistration,
} from './client-credential.js';
import { Refusal } from './refusal.js';
import type { SigningKeys } from './signing-keys.js';
import { appClaims, callerClaims } from './token-claims.js';
import { tokenReply, type TokenRequest } from './token-reply.js';

/** An application that calls an API of its tenant by itself. */
export interface CallerApp extends AppRegistration {
  /** Of its service principal. */
  readonly objectId: string;
  /** The API that has given it roles; any other it may not ask for. */
  readonly api: { readonly clientId: string; readonly roles: readonly string[] };
}

export interface CallerAppsDependencies {
  readonly callerApps: readonly CallerApp[];
  readonly signToken: SigningKeys['signToken'];
  readonly now: () => number;
  readonly accessTokenLifetimeSeconds: number;
}

/** Rejects with a {@link Refusal}. */
type IssueToCaller = (request: TokenRequest) => Promise<LoopbackReply>;

/**
 * The client-credentials grant.
 *
 * @see https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow
 */
export function createCallerApps(dependencies: CallerAppsDependencies) {
  const { callerApps, signToken, now, accessTokenLifetimeSeconds } = dependencies;
  const issuers = new Map(callerApps.map((app) => [app.clientId, createIssue(app)]));

  function createIssue(app: CallerApp): IssueToCaller {
    const { tenantId, clientId, objectId, api } = app;
    const checkClient = createCheckClient(app, now);

    return async ({ authority, tenant, form, authorization }) => {
      if (form.get('grant_type') !== 'client_credentials') throw new Refusal(70003);
      checkTenant(tenant, tenantId);
      const credential = readClientCredential(form, authorization);
      await checkClient(credential, `${authority}/${tenant}/oauth2/v2.0/token`);
      if (form.get('scope') !== `api://${api.clientId}/.default`) throw new Refusal(500011);

      const token = { tenantId, clientId, objectId, audience: api.clientId, roles: api.roles };
      return tokenReply({
        expires_in: accessTokenLifetimeSeconds,
        ext_expires_in: accessTokenLifetimeSeconds,
        access_token: await signToken({
          ...callerClaims(
            authority,
            { ...token, expiresInSeconds: accessTokenLifetimeSeconds },
            now(),
          ),
          ...appClaims(token),
        }),
      });
    };
  }

  return {
    /** Undefined for whoever is not one of them. */
    find: (clientId: string | undefined): IssueToCaller | undefined => issuers.get(clientId ?? ''),
  };
}
