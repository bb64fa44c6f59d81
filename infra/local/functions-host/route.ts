/** A parsed route template. */
export interface Route {
  /** The route values of a path, decoded, or undefined when the path is not this route's. */
  match(path: string): Readonly<Record<string, string>> | undefined;
  /** Where two routes match, the one whose precedence sorts first is meant. */
  readonly precedence: string;
}

const parameter = /\{(\*{0,2})(\w+)(?::[^{}?]*)?(\?)?\}/;
const anyParameter = new RegExp(parameter, 'g');
const wholeParameter = new RegExp(`^${parameter.source}$`);

/**
 * Parses a template such as `/api/orders/{id:guid?}` or `/files/{*path}`. Constraints are accepted
 * and not applied. Literals match in any letter case, as in ASP.NET.
 *
 * @throws RangeError for a template with other braces
 * @see https://learn.microsoft.com/aspnet/core/fundamentals/routing#route-templates
 */
export function parseRoute(template: string): Route {
  const segments = template.split('/').filter((segment) => segment !== '');
  if (/[{}]/.test(template.replaceAll(anyParameter, ''))) {
    throw new RangeError(`Unsupported route template: ${template}`);
  }
  const names = [...template.matchAll(anyParameter)].map(([, , name = '']) => name);
  const pattern = new RegExp(`^${segments.map(toPattern).join('')}/?$`, 'i');

  return {
    match(path) {
      const values = pattern.exec(path)?.slice(1);
      if (values === undefined) return undefined;
      const given = names.flatMap((name, index) => {
        const value = values[index];
        return value === undefined || value === '' ? [] : [[name, decodeSegment(value)] as const];
      });
      return Object.fromEntries(given);
    },
    precedence: segments.map(toRank).join(''),
  };
}

function toPattern(segment: string): string {
  const [, stars, , optional] = wholeParameter.exec(segment) ?? [];
  if (stars !== undefined && stars !== '') return '(?:/(.*))?';
  if (optional !== undefined) return '(?:/([^/]+))?';
  const source = segment
    .split(new RegExp(`(${parameter.source.replaceAll(/\((?!\?)/g, '(?:')})`))
    .map((part) => (wholeParameter.test(part) ? '([^/]+?)' : escapePattern(part)));
  return `/${source.join('')}`;
}

/** Literals before mixed segments, then parameters, then what catches all. */
function toRank(segment: string): string {
  const [, stars] = wholeParameter.exec(segment) ?? [];
  if (stars === undefined) return parameter.test(segment) ? '1' : '0';
  return stars === '' ? '2' : '3';
}

/** An encoded slash stays encoded, as it does in the platform's server. */
function decodeSegment(segment: string): string {
  return decodeURIComponent(segment.replaceAll(/%2f/gi, (slash) => `%25${slash.slice(1)}`));
}

function escapePattern(text: string): string {
  return text.replaceAll(/[^\w/]/g, String.raw`\$&`);
}
