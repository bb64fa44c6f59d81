import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, resolve } from 'node:path';
import { announceStorage } from './announcements.js';
import { superviseChild, type SupervisedChild } from './child-process.js';

/** The emulator's one account; both values are public constants. */
const account = 'devstoreaccount1';
const accountKey =
  'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==';

/**
 * Runs the script named by its first argument, and ends it when the channel to the parent closes:
 * that happens however the parent dies. The channel itself must not keep a script that has ended.
 */
const endWithParent = `
  process.once('disconnect', () => process.exit());
  process.channel.unref();
  require(process.argv[1]);
`;

const services = ['Blob', 'Queue', 'Table'] as const;

export interface Azurite {
  readonly connectionString: string;
  readonly pid: number;
  stop(): Promise<void>;
  /** SIGKILL. */
  kill(): void;
}

export interface AzuriteOptions {
  /** Where the data is kept. @default memory: nothing outlives the process */
  readonly directory?: string;
}

/**
 * Starts the storage emulator on free ports of 127.0.0.1 and resolves when blobs, queues and tables
 * accept connections.
 *
 * @see https://learn.microsoft.com/azure/storage/common/storage-use-azurite
 */
export async function startAzurite({ directory }: AzuriteOptions = {}): Promise<Azurite> {
  const persistence =
    directory === undefined ? ['--inMemoryPersistence'] : ['--location', resolve(directory)];
  const child = spawn(
    process.execPath,
    [
      ...['-e', endWithParent, azuriteScript()],
      // The storage packages speak a newer service version than this emulator knows by name.
      ...['--silent', '--disableTelemetry', '--skipApiVersionCheck', ...persistence],
      ...services.flatMap((service) => [`--${service.toLowerCase()}Port`, '0']),
    ],
    {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      // Ctrl+C goes to a whole process group; whoever uses the storage still has to finish with it.
      detached: true,
    },
  );
  const endpoints = new Map<string, string>();
  const { supervised, listening } = await new Promise<Started>((resolveStarted) => {
    const started = superviseChild(child, (line) => {
      const [, service, url] =
        /^Azurite (\w+) service is successfully listening at (\S+)$/.exec(line) ?? [];
      if (service !== undefined && url !== undefined) endpoints.set(service, url);
      if (endpoints.size === services.length)
        resolveStarted({ supervised: started, listening: true });
    });
    void started.exited.then(() => resolveStarted({ supervised: started, listening: false }));
  });
  if (!listening || child.pid === undefined) {
    throw new Error(`Cannot start Azurite:\n${supervised.lines.join('\n')}`);
  }

  const connectionString = toConnectionString(endpoints);
  const { beforeStop, afterStop } = announceStorage({ connectionString, directory });
  return {
    connectionString,
    pid: child.pid,
    async stop() {
      const isUp = child.exitCode === null && child.signalCode === null;
      try {
        if (isUp) for (const read of beforeStop) await read();
      } finally {
        // Memory has nothing to save, and a graceful end waits for the idle connections of clients.
        if (directory === undefined) supervised.kill();
        await supervised.stop();
      }
      for (const read of afterStop) await read();
    },
    kill: () => supervised.kill(),
  };
}

interface Started {
  readonly supervised: SupervisedChild;
  readonly listening: boolean;
}

function azuriteScript(): string {
  const require = createRequire(import.meta.url);
  const manifestPath = require.resolve('azurite/package.json');
  const { bin } = require(manifestPath) as { bin: { azurite: string } };
  return resolve(dirname(manifestPath), bin.azurite);
}

function toConnectionString(endpoints: ReadonlyMap<string, string>): string {
  return [
    'DefaultEndpointsProtocol=http',
    `AccountName=${account}`,
    `AccountKey=${accountKey}`,
    ...[...endpoints].map(([service, url]) => `${service}Endpoint=${url}/${account}`),
  ].join(';');
}
