export interface Company {
  readonly companyName: string;
  readonly domain: string;
  /** The first label of the `onmicrosoft.com` domain. */
  readonly initialDomain: string;
}

/** The first domain is a prefix of the second: the customer filter is `starts_with` and finds both. */
const companies: readonly (readonly [companyName: string, domain: string])[] = [
  ['Contoso', 'contoso.com'],
  ['Contoso Australia', 'contoso.com.au'],
  ['Fabrikam, Inc.', 'fabrikam.com'],
  ['A. Datum Corporation', 'adatum.com'],
  ['Northwind Traders', 'northwindtraders.com'],
  ['Fourth Coffee', 'fourthcoffee.com'],
  ['Lucerne Publishing', 'lucernepublishing.com'],
  ['Tailspin Toys', 'tailspintoys.com'],
  ['Trey Research', 'treyresearch.net'],
  ['Woodgrove Bank', 'woodgrovebank.com'],
  ["Margie's Travel", 'margiestravel.com'],
  ['Blue Yonder Airlines', 'blueyonderairlines.com'],
  ['Proseware, Inc.', 'proseware.com'],
  ['Wide World Importers', 'wideworldimporters.com'],
  ['Alpine Ski House', 'alpineskihouse.com'],
  ['Coho Vineyard & Winery', 'cohovineyard.com'],
];

/** The companies in order; when they run out, branches of them: `branch2.fabrikam.com`. */
export function companyAt(index: number): Company {
  const round = Math.floor(index / companies.length) + 1;
  const [companyName, domain] = companies[index % companies.length] ?? ['Contoso', 'contoso.com'];
  const initialDomain = domain.replace(/\.(?:com|net)$/, '').replaceAll('.', '');
  if (round === 1) return { companyName, domain, initialDomain };
  return {
    companyName: `${companyName} Branch ${round}`,
    domain: `branch${round}.${domain}`,
    initialDomain: `${initialDomain}branch${round}`,
  };
}
