import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { passwordWorks } from '../../infra/local/api-client.js';
import { aPlainPerson } from './people.js';
import { startTestStack, type TestStack } from './start-test-stack.js';

describe('callers with tokens of Entra', () => {
  let stack: TestStack;

  beforeAll(async () => {
    stack = await startTestStack();
  });

  afterAll(async () => {
    await stack.stop();
  });

  beforeEach(() => {
    stack.partnerCenter.clearRequests();
  });

  async function call(path: string, headers: Readonly<Record<string, string>>, body?: object) {
    const response = await fetch(`${stack.facts.apiUrl}${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const answer = (await response.json()) as Record<string, unknown>;
    return { status: response.status, headers: response.headers, body: answer };
  }

  const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

  function anOrderFor(index: number) {
    const { customer, user } = aPlainPerson(stack, index);
    return { customer: customer.tenantId, user: user.id, delivery: 'response' };
  }

  const works = (index: number, password: unknown) => {
    const { customer, user } = aPlainPerson(stack, index);
    const { userPrincipalName } = user;
    return passwordWorks(stack.facts, {
      tenant: customer.tenantId,
      userPrincipalName,
      password: String(password),
    });
  };

  /** As the application itself asks Entra for it. */
  async function anAppToken(): Promise<string> {
    const { entraAuthorityUrl, entraCallers } = stack.facts;
    const { tenantId, apiClientId, application } = entraCallers;
    const response = await fetch(`${entraAuthorityUrl}/${tenantId}/oauth2/v2.0/token`, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        client_id: application.clientId,
        client_secret: application.clientSecret,
        scope: `api://${apiClientId}/.default`,
      }),
    });
    return ((await response.json()) as { access_token: string }).access_token;
  }

  function aPersonToken(claims: Readonly<Record<string, unknown>> = {}): Promise<string> {
    const { tenantId, apiClientId, person } = stack.facts.entraCallers;
    return stack.entra.issueUserToken({
      tenantId,
      audience: apiClientId,
      clientId: person.clientId,
      objectId: person.userId,
      scopes: ['access_as_user'],
      claims,
    });
  }

  const forged = () => {
    const { entraCallers } = stack.facts;
    const claims = [
      { typ: 'azp', val: entraCallers.application.clientId },
      { typ: 'roles', val: 'access_as_application' },
    ];
    const principal = JSON.stringify({ auth_typ: 'aad', claims });
    return {
      'x-ms-client-principal': Buffer.from(principal).toString('base64'),
      'x-ms-client-principal-id': entraCallers.application.objectId,
      'x-ms-client-principal-name': 'helpdesk',
    };
  };

  it('resets a user for an application', async () => {
    const { status, body } = await call(
      '/password-resets',
      bearer(await anAppToken()),
      anOrderFor(0),
    );

    expect(status).toBe(200);
    expect(await works(0, body['password'])).toBe(true);
  });

  it('resets a user for a person, and shows the reset to nobody else', async () => {
    const token = await aPersonToken();

    const { status, body } = await call('/password-resets', bearer(token), anOrderFor(1));
    const path = `/password-resets/${String(body['id'])}/result`;
    const toThem = await call(path, bearer(token));
    const toTheirApp = await call(path, bearer(await anAppToken()));
    const [helpdesk] = stack.facts.callers;
    const toTheirKey = await call(path, { 'x-api-key': helpdesk?.apiKey ?? '' });

    expect(status).toBe(200);
    expect(await works(1, body['password'])).toBe(true);
    expect(toThem.body).toMatchObject({ status: 'Succeeded', password: body['password'] });
    for (const { status: refusal, body: answer } of [toTheirApp, toTheirKey]) {
      expect(refusal).toBe(404);
      expect(answer).toMatchObject({ error: { code: 'PasswordResetNotFound' } });
    }
  });

  it('tells each who they are', async () => {
    const ofApp = await call('/whoami', bearer(await anAppToken()));
    const ofPerson = await call('/whoami', bearer(await aPersonToken()));

    expect(ofApp.body).toMatchObject({ name: 'helpdesk' });
    const { userId } = stack.facts.entraCallers.person;
    expect(ofPerson.body).toMatchObject({ name: `helpdesk/${userId}` });
  });

  it('gives nothing to a forged identity of the platform', async () => {
    const { status, headers, body } = await call('/password-resets', forged(), anOrderFor(2));

    expect(status).toBe(401);
    expect(headers.get('www-authenticate')).toBe(
      'Bearer realm="password-resets", ApiKey realm="password-resets"',
    );
    expect(body).toMatchObject({ error: { code: 'Unauthorized' } });
    expect(stack.partnerCenter.requests).toEqual([]);
  });

  it('believes the token, whatever a forged identity says beside it', async () => {
    const token = bearer(await aPersonToken());
    const strange = bearer(await aPersonToken({ oid: randomUUID() }));

    const known = await call('/whoami', { ...forged(), ...token });
    const unknown = await call('/password-resets', { ...forged(), ...strange }, anOrderFor(2));

    const { userId } = stack.facts.entraCallers.person;
    expect(known.body).toMatchObject({ name: `helpdesk/${userId}` });
    expect(unknown.status).toBe(401);
    expect(stack.partnerCenter.requests).toEqual([]);
  });

  it('takes no key in the address', async () => {
    const [helpdesk] = stack.facts.callers;

    const { status } = await call(`/whoami?code=${helpdesk?.apiKey ?? ''}`, {});

    expect(status).toBe(401);
  });
});
