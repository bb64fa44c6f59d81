/**
 * The address of a call, or undefined when the path leads to another host: the access token goes to one
 * host only.
 *
 * @param baseUrl the origin, `https://api.partnercenter.microsoft.com`
 * @param path with or without `/v1`, relative or absolute. The links in Partner Center's replies come in all
 *   of these forms, for some time even with `/v1` twice; the address has it exactly once.
 */
export function requestUrl(
  baseUrl: string,
  path: string,
  query: Readonly<Record<string, string>> = {},
): string | undefined {
  const { origin } = new URL(baseUrl);
  if (!URL.canParse(path, origin)) return undefined;
  const { origin: target, pathname, search } = new URL(path, origin);
  if (target !== origin) return undefined;

  const url = new URL(`/v1${pathname.replace(/^(?:\/v1(?=\/|$))+/i, '')}${search}`, origin);
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
  return url.href;
}
