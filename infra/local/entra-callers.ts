import { randomBytes, randomUUID } from 'node:crypto';
import type { CallerApp } from './entra/caller-apps.js';

/** Who may come to the API with tokens of the partner's tenant: both are the caller `helpdesk`. */
export interface EntraCallers {
  readonly tenantId: string;
  /** The app registration of the API, for which tokens are made out. */
  readonly apiClientId: string;
  /** Gets its tokens with the client-credentials grant. */
  readonly application: {
    readonly clientId: string;
    readonly clientSecret: string;
    readonly objectId: string;
  };
  /** Signs in through another application. */
  readonly person: { readonly clientId: string; readonly userId: string };
}

export function newEntraCallers(tenantId: string, person: EntraCallers['person']): EntraCallers {
  return {
    tenantId,
    apiClientId: randomUUID(),
    application: {
      clientId: randomUUID(),
      clientSecret: randomBytes(30).toString('base64url'),
      objectId: randomUUID(),
    },
    person,
  };
}

export function newPerson(): EntraCallers['person'] {
  return { clientId: randomUUID(), userId: randomUUID() };
}

/** The application as it is registered in the tenant. */
export function toCallerApp({ tenantId, apiClientId, application }: EntraCallers): CallerApp {
  return {
    tenantId,
    ...application,
    api: { clientId: apiClientId, roles: ['access_as_application'] },
  };
}

/** Both as the secret `callers` lists them. */
export function toEntraClients({ application, person }: EntraCallers): readonly object[] {
  return [
    { clientId: application.clientId },
    { clientId: person.clientId, users: [person.userId] },
  ];
}
