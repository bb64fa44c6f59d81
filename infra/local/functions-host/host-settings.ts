/** What this host takes from host.json. */
export interface HostSettings {
  /** Stands before every route; may be empty. @default api */
  readonly routePrefix: string;
  readonly queues: QueueSettings;
}

export interface QueueSettings {
  /** Messages taken at once: 1 to 32. */
  readonly batchSize: number;
  /** The next batch is fetched when no more than these are being worked on. */
  readonly newBatchThreshold: number;
  /** The attempt after which a failing message is poison; the first is 1. */
  readonly maxDequeueCount: number;
  /** How long a failed message stays hidden. */
  readonly visibilityTimeoutMs: number;
  readonly maxPollingIntervalMs: number;
  readonly messageEncoding: 'base64' | 'none';
}

/**
 * Reads host.json; defaults are those of the platform in development.
 *
 * @param cores of the machine: they multiply the default `newBatchThreshold`
 * @throws TypeError or RangeError that names the setting
 * @see https://learn.microsoft.com/azure/azure-functions/functions-bindings-storage-queue#host-json
 */
export function parseHostSettings(text: string, cores: number): HostSettings {
  const extensions = section(JSON.parse(text), 'extensions');
  const { routePrefix = 'api' } = section(extensions, 'http');
  if (typeof routePrefix !== 'string') throw wrong('http.routePrefix', 'a text');
  const queues = section(extensions, 'queues');
  const batchSize = integer(queues, 'batchSize', { least: 1, most: 32, fallback: 16 });
  const { messageEncoding = 'base64' } = queues;
  if (messageEncoding !== 'base64' && messageEncoding !== 'none') {
    throw wrong('queues.messageEncoding', '"base64" or "none"');
  }

  const maxPollingIntervalMs = timeSpanMs(queues, 'maxPollingInterval', '00:00:02');
  if (maxPollingIntervalMs < 100) throw wrong('queues.maxPollingInterval', 'at least 100 ms');

  return {
    routePrefix,
    queues: {
      batchSize,
      newBatchThreshold: integer(queues, 'newBatchThreshold', {
        least: 0,
        fallback: Math.floor(batchSize / 2) * cores,
      }),
      maxDequeueCount: integer(queues, 'maxDequeueCount', { least: 1, fallback: 5 }),
      visibilityTimeoutMs: timeSpanMs(queues, 'visibilityTimeout', '00:00:00'),
      maxPollingIntervalMs,
      messageEncoding,
    },
  };
}

function section(parent: unknown, name: string): Partial<Record<string, unknown>> {
  const { [name]: value = {} } = parent as Record<string, unknown>;
  if (typeof value !== 'object' || value === null) throw wrong(name, 'an object');
  return value;
}

function integer(
  queues: Partial<Record<string, unknown>>,
  name: string,
  limits: { readonly least: number; readonly most?: number; readonly fallback: number },
): number {
  const { least, most = Number.MAX_SAFE_INTEGER, fallback } = limits;
  const value = queues[name] ?? fallback;
  if (typeof value !== 'number' || !Number.isInteger(value) || value < least || value > most) {
    throw wrong(`queues.${name}`, `a whole number from ${least} to ${most}`);
  }
  return value;
}

/** A .NET time span: `hh:mm:ss`, with days before and fractions after where there are any. */
function timeSpanMs(
  queues: Partial<Record<string, unknown>>,
  name: string,
  fallback: string,
): number {
  const value = queues[name] ?? fallback;
  const match =
    typeof value === 'string' && /^(?:(\d+)\.)?(\d{1,2}):(\d{2}):(\d{2}(?:\.\d+)?)$/.exec(value);
  if (!match) throw wrong(`queues.${name}`, 'a time span such as "00:00:30"');
  const [days = 0, hours = 0, minutes = 0, seconds = 0] = match
    .slice(1)
    .map((part) => Number(part || 0));
  return Math.round((((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000);
}

function wrong(name: string, needed: string): TypeError {
  return new TypeError(`host.json: extensions.${name} must be ${needed}`);
}
