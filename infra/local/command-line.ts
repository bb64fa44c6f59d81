import { parseArgs, type ParseArgsConfig } from 'node:util';

type Options = NonNullable<ParseArgsConfig['options']>;
type Values<Given extends Options> = ReturnType<typeof parseArgs<{ options: Given }>>['values'];

/**
 * What stands on the command line. `--help` prints the usage and ends with 0; what is unknown, or is not
 * what `read` takes, is named above the usage, and ends with 2.
 */
export function readCommandLine<const Given extends Options, Read>(
  usage: string,
  options: Given,
  read: (values: Values<Given>) => Read,
): Read {
  if (process.argv.slice(2).includes('--help')) {
    console.log(usage);
    process.exit(0);
  }
  try {
    return read(parseArgs<{ options: Given }>({ options }).values);
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${usage}`);
    process.exit(2);
  }
}

/** @throws RangeError that names the option */
export function wholeNumber(
  option: string,
  text: string,
  { from, to }: { readonly from: number; readonly to: number },
): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= from && value <= to) return value;
  throw new RangeError(`${option} must be a whole number from ${from} to ${to}, not "${text}"`);
}
