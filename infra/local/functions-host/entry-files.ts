import { readdir } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';

/**
 * The files of a folder that match the `main` pattern of its package.json (`*`, `**`, `?` and
 * `{a,b}`), in the order of their names; `node_modules` is left out.
 */
export async function findEntryFiles(folder: string, pattern: string): Promise<string[]> {
  const matcher = toRegExp(pattern.replace(/^\.\//, ''));
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .filter((path) => matcher.test(path) && !path.split('/').includes('node_modules'))
    .sort()
    .map((path) => join(folder, path));
}

const wildcards: Readonly<Record<string, string>> = {
  '**/': '(?:.*/)?',
  '**': '.*',
  '*': '[^/]*',
  '?': '[^/]',
  '{': '(?:',
  '}': ')',
  ',': '|',
};

function toRegExp(pattern: string): RegExp {
  const source = pattern.replace(
    /\*\*\/|\*\*|[*?{},]|[^\w/]/g,
    (part) => wildcards[part] ?? `\\${part}`,
  );
  return new RegExp(`^${source}$`);
}
