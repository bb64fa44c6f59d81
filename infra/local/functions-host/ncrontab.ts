/** When a timer runs: six fields, each the values it allows, ascending. */
export interface Schedule {
  /** The first second after that instant that the schedule names, or undefined if none is in sight. */
  next(after: Date): Date | undefined;
}

const fields = [
  { name: 'second', least: 0, most: 59 },
  { name: 'minute', least: 0, most: 59 },
  { name: 'hour', least: 0, most: 23 },
  { name: 'day', least: 1, most: 31 },
  { name: 'month', least: 1, most: 12 },
  { name: 'day of week', least: 0, most: 6 },
] as const;

/** The 29th of February may be eight years off. */
const daysInSight = 8 * 366;

/**
 * Parses `second minute hour day month day-of-week` with `*`, lists, ranges and steps; times are
 * UTC, and the two day fields must both match.
 *
 * @throws RangeError that names the field
 * @see https://learn.microsoft.com/azure/azure-functions/functions-bindings-timer#ncrontab-expressions
 */
export function parseNcrontab(expression: string): Schedule {
  const texts = expression.trim().split(/\s+/);
  if (texts.length !== fields.length) {
    throw new RangeError(`Schedule "${expression}" must have six fields`);
  }
  const [seconds, minutes, hours, days, months, weekdays] = fields.map((field, index) =>
    parseField(texts[index] ?? '', field),
  ) as [number[], number[], number[], number[], number[], number[]];

  return {
    next(after) {
      const day = new Date(after);
      day.setUTCHours(0, 0, 0, 0);
      for (let count = 0; count <= daysInSight; count += 1, day.setUTCDate(day.getUTCDate() + 1)) {
        const isDay =
          months.includes(day.getUTCMonth() + 1) &&
          days.includes(day.getUTCDate()) &&
          weekdays.includes(day.getUTCDay());
        const time = isDay ? firstTime(day, after) : undefined;
        if (time !== undefined) return time;
      }
      return undefined;
    },
  };

  function firstTime(day: Date, after: Date): Date | undefined {
    for (const hour of hours) {
      for (const minute of minutes) {
        for (const second of seconds) {
          const time = day.getTime() + ((hour * 60 + minute) * 60 + second) * 1000;
          if (time > after.getTime()) return new Date(time);
        }
      }
    }
    return undefined;
  }
}

function parseField(text: string, field: (typeof fields)[number]): number[] {
  const allowed = text.split(',').map((part) => parsePart(part, field));
  return range(field.least, field.most, 1).filter((value) =>
    allowed.some((values) => values.includes(value)),
  );
}

/** `*`, `5` or `1-5`, each with or without a step: `/15`. A value with a step runs to the end. */
function parsePart(part: string, { name, least, most }: (typeof fields)[number]): number[] {
  const match = /^(?:\*|(\d+)(?:-(\d+))?)(?:\/(\d+))?$/.exec(part);
  const [, from, to, step] = match ?? [];
  const first = Number(from ?? least);
  const last = Number(to ?? (from === undefined || step !== undefined ? most : from));
  const by = Number(step ?? 1);
  if (match === null || first < least || last > most || first > last || by < 1) {
    throw new RangeError(`Schedule: ${name} "${part}" must lie in ${least}-${most}`);
  }
  return range(first, last, by);
}

function range(first: number, last: number, by: number): number[] {
  return Array.from(
    { length: Math.floor((last - first) / by) + 1 },
    (_, index) => first + index * by,
  );
}
