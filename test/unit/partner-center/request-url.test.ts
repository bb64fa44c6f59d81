import { describe, expect, it } from '@jest/globals';
import { requestUrl } from '../../../shared/partner-center/request-url.js';

const baseUrl = 'https://api.partnercenter.microsoft.com';

describe('requestUrl()', () => {
  it.each([
    ['/customers', '/v1/customers'],
    ['customers', '/v1/customers'],
    ['/v1/customers', '/v1/customers'],
    ['/v1/v1/customers?size=1', '/v1/customers?size=1'],
    ['/V1/customers', '/v1/customers'],
    ['/v10/customers', '/v1/v10/customers'],
    ['https://api.partnercenter.microsoft.com/v1/customers?a=b', '/v1/customers?a=b'],
    ['https://API.partnercenter.microsoft.com:443/customers', '/v1/customers'],
    ['//api.partnercenter.microsoft.com/customers', '/v1/customers'],
    ['https://user:word@api.partnercenter.microsoft.com/customers#part', '/v1/customers'],
  ])('gives %s exactly one version', (path, expected) => {
    expect(requestUrl(baseUrl, path)).toBe(baseUrl + expected);
  });

  it.each([
    ['another host', 'https://example.com/v1/customers'],
    ['another host without a scheme', '//example.com/customers'],
    ['another host behind a backslash', '/\\example.com/customers'],
    ['a host that only starts alike', 'https://api.partnercenter.microsoft.com.example.com/'],
    ['our host as a user name', 'https://api.partnercenter.microsoft.com@example.com/'],
    ['plain http', 'http://api.partnercenter.microsoft.com/v1/customers'],
    ['another port', 'https://api.partnercenter.microsoft.com:8443/v1/customers'],
    ['another scheme', 'data:application/json,{}'],
    ['no address at all', 'https://['],
  ])('is undefined for %s', (_, path) => {
    expect(requestUrl(baseUrl, path)).toBeUndefined();
  });

  it('encodes the query', () => {
    expect(requestUrl(`${baseUrl}/`, '/customers', { size: '500', filter: '{"a":"b&c"}' })).toBe(
      `${baseUrl}/v1/customers?size=500&filter=%7B%22a%22%3A%22b%26c%22%7D`,
    );
  });
});
