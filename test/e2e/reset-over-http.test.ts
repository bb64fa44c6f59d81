import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createApiClient, passwordWorks } from '../../infra/local/api-client.js';
import { eventually } from './eventually.js';
import { aPlainPerson, findPeople, type Person } from './people.js';
import { startTestStack, type TestStack } from './start-test-stack.js';

describe('reset-password', () => {
  let stack: TestStack;

  beforeAll(async () => {
    stack = await startTestStack();
  });

  afterAll(async () => {
    await stack.stop();
  });

  beforeEach(() => {
    stack.partnerCenter.faults.clear();
    stack.partnerCenter.clearRequests();
  });

  const post = (body: object, caller = 'helpdesk') =>
    createApiClient(stack.facts, caller).post('/password-resets', body);
  const sent = () =>
    stack.partnerCenter.requests.filter(({ operation }) => operation === 'resetPassword');
  const orderFor = ({ customer, user }: Person) => ({
    customer: customer.tenantId,
    user: user.id,
    delivery: 'response',
  });
  const currentPassword = ({ customer, user }: Person) =>
    stack.directory.passwordHistory(customer.tenantId, user.id).at(-1)?.password ?? '';
  const works = ({ customer, user }: Person, password: string) =>
    passwordWorks(stack.facts, {
      tenant: customer.tenantId,
      userPrincipalName: user.userPrincipalName,
      password,
    });

  it('answers with a password that works, and ends the old one', async () => {
    const person = aPlainPerson(stack);
    const oldPassword = currentPassword(person);

    const { status, headers, body } = await post({
      customer: person.customer.domain,
      user: person.user.userPrincipalName,
      delivery: 'response',
      reference: 'ticket 1',
    });

    const { password, ...rest } = body as { password: string };
    expect(status).toBe(200);
    expect(rest).toEqual({
      id: expect.stringMatching(/^\d{8}-[0-9a-f-]{36}$/),
      status: 'Succeeded',
      customerTenantId: person.customer.tenantId,
      userId: person.user.id,
      forceChangePassword: true,
      delivery: 'response',
      reference: 'ticket 1',
      createdAt: expect.any(String),
      completedAt: expect.any(String),
    });
    expect(headers.get('cache-control')).toBe('no-store');
    expect(await works(person, password)).toBe(true);
    expect(await works(person, oldPassword)).toBe(false);
  });

  it('sets the password that a caller who may choose has chosen', async () => {
    const person = aPlainPerson(stack, 1);

    const { status } = await post({
      ...orderFor(person),
      password: 'Correct-Horse-7-Battery',
      forceChangePassword: false,
      delivery: 'none',
    });

    expect(status).toBe(200);
    expect(await works(person, 'Correct-Horse-7-Battery')).toBe(true);
    expect(person.user.mustChangePassword).toBe(false);
  });

  it('shows no password when it is delivered to nobody', async () => {
    const { status, body } = await post({ ...orderFor(aPlainPerson(stack, 2)), delivery: 'none' });

    expect(status).toBe(200);
    expect(body).not.toHaveProperty('password');
  });

  it.each([
    ['UserIsAdmin', 422, ({ directoryRoles }: Person['user']) => directoryRoles.length > 0],
    ['UserFederated', 422, ({ userDomainType }: Person['user']) => userDomainType === 'federated'],
    [
      'UserSynchronized',
      422,
      ({ lastDirectorySyncTime, userDomainType }: Person['user']) =>
        lastDirectorySyncTime !== null && userDomainType !== 'federated',
    ],
    ['UserDeleted', 422, ({ state }: Person['user']) => state === 'inactive'],
  ])('refuses as %s and sends nothing', async (code, status, is) => {
    const [person] = findPeople(stack, is);
    if (person === undefined) throw new Error('The directory holds no such user');

    const answer = await post(orderFor(person));

    expect(answer.status).toBe(status);
    expect(answer.body).toEqual({ error: { code, message: expect.any(String) } });
    expect(answer.headers.get('x-ms-error-code')).toBe(code);
    expect(sent()).toEqual([]);
  });

  it.each([
    ['an unknown user', { user: '11111111-2222-4333-8444-555555555555' }, 'UserNotFound'],
    ['an unknown sign-in name', { user: 'nobody@contoso.com' }, 'UserNotFound'],
    [
      'an unknown customer',
      { customer: '11111111-2222-4333-8444-555555555555' },
      'CustomerNotFound',
    ],
    ['an unknown domain', { customer: 'nobody.example' }, 'CustomerNotFound'],
  ])('says 404 for %s', async (_, change, code) => {
    const { status, body } = await post({ ...orderFor(aPlainPerson(stack)), ...change });

    expect(status).toBe(404);
    expect(body).toMatchObject({ error: { code } });
    expect(sent()).toEqual([]);
  });

  it('answers alike for a customer out of scope and for none', async () => {
    const [first, second] = [...stack.directory.customers.values()];
    const foreign = [first, second].find(
      (customer) => customer?.tenantId !== stack.facts.samples.customerTenantId,
    );
    const order = { user: aPlainPerson(stack).user.id, delivery: 'none' };

    const outOfScope = await post({ ...order, customer: foreign?.tenantId }, 'ticket-system');
    const unknown = await post(
      { ...order, customer: '11111111-2222-4333-8444-555555555555' },
      'ticket-system',
    );

    expect(outOfScope.status).toBe(404);
    expect(outOfScope.body).toEqual(unknown.body);
    expect(stack.partnerCenter.requests).toEqual([]);
  });

  it('goes on alone when Partner Center throttles, and hands the password out at the end', async () => {
    const person = aPlainPerson(stack, 3);
    stack.partnerCenter.faults.set([
      { operation: 'resetPassword', times: 1, effect: { kind: 'throttle', retryAfter: 1 } },
    ]);

    const accepted = await post(orderFor(person));
    const location = accepted.headers.get('location') ?? '';
    const result = await eventually(async () => {
      const answer = await createApiClient(stack.facts, 'helpdesk').get(location);
      return answer.status === 202 ? undefined : answer;
    });

    expect(accepted.status).toBe(202);
    expect(accepted.body).not.toHaveProperty('password');
    expect(Number(accepted.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(result.status).toBe(200);
    expect(await works(person, (result.body as { password: string }).password)).toBe(true);
    const [first, second] = sent().map(({ requestId }) => requestId);
    expect(second).not.toBe(first);
  });

  it('sends the same password under the same id again when the answer was lost', async () => {
    const person = aPlainPerson(stack, 4);
    stack.partnerCenter.faults.set([
      { operation: 'resetPassword', times: 1, effect: { kind: 'cut', applied: true } },
    ]);

    const accepted = await post(orderFor(person));
    const passwordAfterFirst = currentPassword(person);
    const location = accepted.headers.get('location') ?? '';
    const result = await eventually(async () => {
      const answer = await createApiClient(stack.facts, 'helpdesk').get(location);
      return answer.status === 202 ? undefined : answer;
    });

    expect(accepted.status).toBe(202);
    expect(result.body).toMatchObject({ status: 'Succeeded', password: passwordAfterFirst });
    expect(await works(person, passwordAfterFirst)).toBe(true);
    const [first, second] = sent().map(({ requestId }) => requestId);
    expect(second).toBe(first);
  });

  it('shows a reset to nobody but the caller who asked for it', async () => {
    const { body } = await post(orderFor(aPlainPerson(stack, 5)));
    const { id } = body as { id: string };

    const mine = await createApiClient(stack.facts, 'helpdesk').get(`/password-resets/${id}`);
    const theirs = await createApiClient(stack.facts, 'ticket-system').get(
      `/password-resets/${id}/result`,
    );

    expect(mine.status).toBe(200);
    expect(mine.body).not.toHaveProperty('password');
    expect(theirs.status).toBe(404);
    expect(theirs.body).toMatchObject({ error: { code: 'PasswordResetNotFound' } });
  });

  it('resets on the legacy route where the settings say so', async () => {
    const legacy = await startTestStack({ settings: { RESET_ROUTE: 'legacy' } });
    const { customer, user } = aPlainPerson(legacy);
    const { status } = await createApiClient(legacy.facts, 'helpdesk').post('/password-resets', {
      customer: customer.tenantId,
      user: user.id,
      delivery: 'response',
    });
    const paths = legacy.partnerCenter.requests
      .filter(({ method }) => method === 'PATCH')
      .map(({ path }) => path);
    await legacy.stop();

    expect(status).toBe(200);
    expect(paths).toEqual([`/v1/customers/${customer.tenantId}/users/${user.id}`]);
  });
});
