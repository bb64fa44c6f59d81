import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  issuer,
  startHarness,
  startTokenIssuer,
  type Harness,
  type TokenIssuer,
} from './harness.js';

let tokens: TokenIssuer;
let harness: Harness;
let nowMs: number;

beforeAll(async () => {
  tokens = await startTokenIssuer();
});
afterAll(() => tokens.close());
beforeEach(async () => {
  nowMs = Date.now();
  harness = await startHarness(tokens, { issuerPrefix: issuer, now: () => nowMs });
});
afterEach(() => harness.standIn.close());

const sendWith = (authorization: string, headers = {}) =>
  harness.send(harness.userPath(), { headers: { Authorization: authorization, ...headers } });
const sendWithClaims = async (claims: Parameters<TokenIssuer['issue']>[0], headers = {}) =>
  sendWith(`Bearer ${await tokens.issue(claims)}`, headers);

describe('access tokens', () => {
  it.each<[string, Parameters<TokenIssuer['issue']>[0], number, number]>([
    ['for another audience', { aud: 'https://graph.windows.net' }, 401, 900420],
    ['of another issuer', { iss: 'https://sts.windows.net/other/' }, 401, 400],
    ['that has expired', { exp: Math.floor(Date.now() / 1000) - 60 }, 401, 400],
    ['without MFA', { amr: ['pwd'] }, 401, 900421],
    ['without any amr', { amr: undefined }, 401, 900421],
    ['without a scope', { scp: undefined }, 403, 900329],
    ['of an app', { idtyp: 'app' }, 403, 900329],
  ])('are refused %s', async (_what, claims, status, code) => {
    expect(await sendWithClaims(claims)).toMatchObject({ status, json: { code } });
  });

  it.each([
    ['missing', '', 800001],
    ['of another scheme', 'Basic dXNlcjpwYXNz', 800001],
    ['no token at all', 'Bearer nonsense', 400],
  ])('are refused when %s', async (_what, authorization, code) => {
    const { status, json, headers } = await sendWith(authorization);

    expect(status).toBe(401);
    expect(json).toEqual({
      code,
      description: expect.any(String),
      data: [],
      source: 'PartnerFD',
    });
    expect(headers.get('www-authenticate')).toMatch(/^OAuth realm=urn:cpsvc:cpid:/);
  });

  it('are refused when somebody else signed them', async () => {
    const stranger = await startTokenIssuer();

    expect(await sendWith(`Bearer ${await stranger.issue()}`)).toMatchObject({
      status: 401,
      json: { code: 400 },
    });
    await stranger.close();
  });

  it('are refused from their expiry on, though they were accepted before', async () => {
    const authorization = `Bearer ${await tokens.issue()}`;
    expect((await sendWith(authorization)).status).toBe(200);

    nowMs += 3_601_000;

    expect((await sendWith(authorization)).status).toBe(401);
  });

  it('of an app are good for customers and audit records', async () => {
    const Authorization = `Bearer ${await tokens.issue({ idtyp: 'app', scp: undefined, amr: undefined })}`;
    const paths = ['', `/${harness.customer.tenantId}`].map((id) => `/v1/customers${id}`);

    for (const path of [...paths, '/v1/auditrecords']) {
      expect((await harness.send(path, { headers: { Authorization } })).status).toBe(200);
    }
  });

  it('change nothing when they are refused', async () => {
    const { status } = await harness.reset({ headers: { Authorization: '' } });

    expect(status).toBe(401);
    expect(harness.standIn.requests).toMatchObject([
      { operation: 'resetPassword', applied: false },
    ]);
  });

  it('answer with the documented headers when MFA is missing', async () => {
    const { headers } = await sendWithClaims({ amr: ['pwd'] });

    expect(headers.get('www-authenticate')).toBe('Bearer error="invalid_token"');
    expect(headers.get('request-context')).toMatch(/^appId=cid-v1:/);
  });

  it.each([
    ['true', ['pwd', 'mfa'], 200],
    ['false', ['pwd'], 401],
  ])('are reported as isMfaCompliant: %s when asked', async (reported, amr, status) => {
    const answer = await sendWithClaims({ amr }, { ValidateMfa: 'true' });

    expect([answer.status, answer.headers.get('isMfaCompliant')]).toEqual([status, reported]);
    expect((await sendWithClaims({ amr })).headers.get('isMfaCompliant')).toBeNull();
  });

  it('cannot be judged when the keys cannot be had', async () => {
    const blind = await startHarness({ ...tokens, jwksUrl: 'http://127.0.0.1:9/keys' });

    expect(await blind.send(blind.userPath())).toMatchObject({
      status: 500,
      json: { code: 800003 },
    });
    await blind.standIn.close();
  });
});
