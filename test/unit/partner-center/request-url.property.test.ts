import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createPartnerCenterUsers } from '../../../shared/partner-center/customer-users.js';
import { requestUrl } from '../../../shared/partner-center/request-url.js';
import { parseCustomerTenantId, parseUserId } from '../../../shared/password-reset/ids.js';
import { generatePassword } from '../../../shared/password-reset/password.js';
import { fakeSend } from './fake-send.js';

// The same addresses in every run: a test that turns red was broken by a change, not by the draw.
fc.configureGlobal({ seed: 20_260_101, numRuns: 500 });

const { signal } = new AbortController();
const baseUrl = 'https://api.partnercenter.microsoft.com';

describe('requestUrl()', () => {
  it('stays on the path of the user and of the customer, whatever the ids that were accepted', async () => {
    const aRoute = fc.constantFrom('resetpassword' as const, 'legacy' as const);
    const anId = fc.mixedCase(fc.uuid());

    await fc.assert(
      fc.asyncProperty(aRoute, anId, anId, async (resetRoute, customer, user) => {
        const { send, calls } = fakeSend({ id: user });
        const users = createPartnerCenterUsers({ send, resetRoute });
        const key = {
          customerTenantId: parseCustomerTenantId(customer),
          userId: parseUserId(user),
        };
        const password = generatePassword({ kind: 'random', length: 12 });
        const passwordProfile = { password, forceChangePassword: true };

        await users.resetPassword({ ...key, passwordProfile, requestId: 'request-1' }, signal);

        const userUrl = `${baseUrl}/v1/customers/${customer}/users/${user}`.toLowerCase();
        expect(calls.map(({ path }) => requestUrl(baseUrl, path))).toEqual([
          resetRoute === 'legacy' ? userUrl : `${userUrl}/resetpassword`,
        ]);
      }),
    );
  });

  it('leads to no other host and names one version, whatever the path', () => {
    fc.assert(
      fc.property(anyPath(), (path) => {
        const { origin, pathname, username, password, hash } = new URL(
          requestUrl(baseUrl, path) ?? `${baseUrl}/v1`,
        );

        expect({ origin, username, password, hash }).toEqual({
          origin: baseUrl,
          username: '',
          password: '',
          hash: '',
        });
        expect(pathname).toMatch(/^\/v1(?:\/(?!v1(?:\/|$))|$)/i);
      }),
    );
  });

  it('leaves an address that it gave as it is', () => {
    fc.assert(
      fc.property(anyPath(), (path) => {
        const url = requestUrl(baseUrl, path);

        expect(requestUrl(baseUrl, url ?? 'https://example.com')).toBe(url);
      }),
    );
  });

  it('says the query so that it is read as it was meant, whatever query the path has', () => {
    const aQuery = fc.dictionary(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' }));

    fc.assert(
      fc.property(aQuery, aQuery, (ofPath, query) => {
        const path = `/customers?${new URLSearchParams(ofPath).toString()}`;

        const { searchParams } = new URL(requestUrl(baseUrl, path, query) ?? baseUrl);

        expect(new Map(searchParams)).toEqual(new Map(Object.entries({ ...ofPath, ...query })));
        expect(Array.from(searchParams.keys())).toHaveLength(new Set(searchParams.keys()).size);
      }),
    );
  });
});

/** Paths of all kinds, and what leads out of one. */
function anyPath(): fc.Arbitrary<string> {
  const aPiece = fc.oneof(
    fc.constantFrom('/', '//', '\\', '.', '..', '/../', '%2e%2e', '%2f', '/v1', '/V1', '/v1/'),
    fc.constantFrom(baseUrl, 'https:', 'http:', '@', ':443', ':8443', '?', '#', '\t', '\n', ' '),
    fc.constantFrom('customers', '/customers', 'example.com', '\u3002', '\uff0f', '\ud800'),
    fc.string({ unit: 'binary', maxLength: 3 }),
  );
  return fc.array(aPiece, { maxLength: 8 }).map((pieces) => pieces.join(''));
}
