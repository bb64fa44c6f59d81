import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { EntraStandIn } from '../../infra/local/entra/entra.js';
import {
  jsonReply,
  type LoopbackReply,
  type LoopbackServer,
  startLoopbackServer,
} from '../../infra/local/loopback-server.js';
import {
  aForgedToken,
  aForgersKey,
  anApi,
  anAppToken,
  aPersonToken,
  type ForgersKey,
  partnerTenantId,
  startTenant,
} from './token-harness.js';

describe('createSigningKeys()', () => {
  let entra: EntraStandIn;
  let own: ForgersKey;
  const running: LoopbackServer[] = [];

  beforeAll(async () => {
    entra = await startTenant();
    own = await aForgersKey();
  });

  afterEach(async () => {
    jest.restoreAllMocks();
    await closeAll();
  });

  afterAll(() => entra.close());

  const closeAll = () => Promise.all(running.splice(0).map((server) => server.close()));

  /** Where the keys come as told. */
  async function anAuthority(reply: () => LoopbackReply): Promise<string> {
    const server = await startLoopbackServer(reply);
    running.push(server);
    return server.url;
  }

  /** Signed with the key that {@link anAuthority} may publish. */
  const aToken = () => aForgedToken(entra, own.privateKey, { kid: own.jwk.kid });

  /** jose reads the clock itself where it keeps keys. */
  function holdTime(): (ms: number) => void {
    let nowMs = Date.now();
    jest.spyOn(Date, 'now').mockImplementation(() => nowMs);
    return (ms) => void (nowMs += ms);
  }

  it("asks the tenant's one address, once for many tokens", async () => {
    const { come, asked } = anApi(entra.url);

    await Promise.all([come(await anAppToken(entra)), come(await aPersonToken(entra))]);
    await come(await anAppToken(entra));

    expect(asked).toEqual([`${entra.url}/${partnerTenantId}/discovery/v2.0/keys`]);
  });

  it.each(['x', 'a.b.c', `${Buffer.from('{"alg":"none"}').toString('base64url')}.e30.`])(
    'asks nobody about what cannot be right: %s',
    async (token) => {
      const { come, asked } = anApi(entra.url);

      await expect(come(`Bearer ${token}`)).rejects.toMatchObject({ code: 'Unauthorized' });

      expect(asked).toEqual([]);
    },
  );

  it('asks once more for an unknown key, and then not for 30 s', async () => {
    const { come, asked } = anApi(entra.url);
    const passTime = holdTime();
    const comeWithUnknownKey = async () => {
      const token = await aForgedToken(entra, own.privateKey, { kid: randomUUID() });
      await expect(come(token)).rejects.toThrow('The bearer token is signed by an unknown key');
      return asked.length;
    };
    await come(await anAppToken(entra));

    const rightAway = await comeWithUnknownKey();
    passTime(30_000);
    const afterCoolDown = await comeWithUnknownKey();
    const again = await comeWithUnknownKey();
    passTime(29_999);
    const beforeNext = await comeWithUnknownKey();
    passTime(1);
    const next = await comeWithUnknownKey();

    expect([rightAway, afterCoolDown, again, beforeNext, next]).toEqual([1, 2, 2, 2, 3]);
  });

  it('knows a key that was rotated in, and still the one before', async () => {
    const { come } = anApi(entra.url);
    const passTime = holdTime();
    const before = await anAppToken(entra);
    await come(before);

    await entra.rotateSigningKey();
    passTime(30_000);

    expect(await come(await anAppToken(entra))).toMatchObject({ name: 'helpdesk' });
    expect(await come(before)).toMatchObject({ name: 'helpdesk' });
  });

  it('trusts what it was told for ten minutes, and then asks again', async () => {
    const { come, asked } = anApi(entra.url);
    const passTime = holdTime();
    const askedAfter = async (ms: number) => {
      passTime(ms);
      await come(await anAppToken(entra));
      return asked.length;
    };

    expect([await askedAfter(0), await askedAfter(599_999), await askedAfter(1)]).toEqual([
      1, 1, 2,
    ]);
  });

  it.each<[string, () => LoopbackReply]>([
    ['an error', () => ({ status: 500, body: JSON.stringify({ keys: [own.jwk] }) })],
    ['a redirect', () => ({ status: 302, headers: { location: entra.jwksUrl }, body: '' })],
    ['no JSON', () => ({ status: 200, body: '<html>' })],
    ['no key set', () => jsonReply(200, {})],
    ['a broken key', () => jsonReply(200, { keys: [{ ...own.jwk, e: undefined }] })],
    ['too much', () => jsonReply(200, { keys: [own.jwk], pad: 'x'.repeat(256 * 1024) })],
    ['half an answer', () => ({ ...jsonReply(200, { keys: [own.jwk] }), delivery: 'cut' })],
  ])('rejects with SignInUnavailable when the keys come as %s', async (_, reply) => {
    const { come } = anApi(await anAuthority(reply));

    await expect(come(await aToken())).rejects.toMatchObject({ code: 'SignInUnavailable' });
  });

  it('rejects with SignInUnavailable when nobody is there', async () => {
    const { come } = anApi(await anAuthority(() => jsonReply(200, { keys: [own.jwk] })));
    await closeAll();

    await expect(come(await aToken())).rejects.toMatchObject({ code: 'SignInUnavailable' });
  });

  it('asks again for the next token when the keys did not come', async () => {
    const replies = [{ status: 503, body: '' }, jsonReply(200, { keys: [own.jwk] })];
    const { come } = anApi(await anAuthority(() => replies.shift() ?? { status: 500, body: '' }));

    await expect(come(await aToken())).rejects.toMatchObject({ code: 'SignInUnavailable' });
    // The signature is right now; the issuer is another authority.
    await expect(come(await aToken())).rejects.toThrow('is of another tenant or authority');
  });

  it('ends the wait when nobody wants the answer any more', async () => {
    const controller = new AbortController();
    const { come } = anApi(
      await anAuthority(() => {
        controller.abort();
        return { status: 200, body: '', delivery: 'never' };
      }),
    );

    const error: unknown = await come(await aToken(), controller.signal).catch((e: unknown) => e);

    expect(controller.signal.aborted).toBe(true);
    expect(error).toBe(controller.signal.reason);
  });
});
