import { setTimeout as sleep } from 'node:timers/promises';
import { loadApp, type LoadedApp } from './app-loader.js';
import type { RegisteredFunction } from './core-module.js';
import { startHttpServer } from './http-server.js';
import { createHttpFunction, type HttpFunction } from './http-trigger.js';
import { createInvoke } from './invocation.js';
import { describeError, type Log } from './log.js';
import { createWriteOutputs, outputQueue } from './queue-output.js';
import { createQueueTrigger, poisonQueueName } from './queue-trigger.js';
import { queueServiceOf } from './storage-connection.js';
import { createTimerTrigger } from './timer-trigger.js';
import { bindingText, triggerBinding, type Trigger } from './trigger.js';

export interface FunctionsHost {
  readonly url: string;
  /** What each function waits for, by its name. */
  readonly functions: ReadonlyMap<string, string>;
  /** Takes nothing new, gives what runs 5 s to finish, then runs the `appTerminate` hooks. */
  stop(): Promise<void>;
}

export interface FunctionsHostOptions {
  readonly appFolder: string;
  /** 0 for a free one. */
  readonly port: number;
  /** The app's settings; it reads them from the process by itself. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly log: Log;
}

/** What the platform gives a worker to end in. */
const graceMs = 5_000;

/** That of the platform: 100 MiB. */
const defaultMaxBodyBytes = 104_857_600;

/** Loads a function app and serves it until it is stopped. */
export async function startHost(options: FunctionsHostOptions): Promise<FunctionsHost> {
  const { port, env, log } = options;
  const { app, settings } = await loadApp(options.appFolder, log);
  const hostKey = env['FUNCTIONS_HOST_KEY'];
  const { httpFunctions, triggers } = createTriggers({ app, settings }, options);
  const server = await startHttpServer({ port, functions: httpFunctions, triggers, hostKey, log });
  for (const trigger of triggers.values()) await trigger.start();

  return {
    url: server.url,
    functions: new Map([
      ...httpFunctions.map(({ name, description }) => [name, description] as const),
      ...[...triggers].map(([name, { description }]) => [name, description] as const),
    ]),
    async stop() {
      const finished = Promise.all([server, ...triggers.values()].map((part) => part.stop()));
      await within(
        graceMs,
        finished.then(() => undefined),
        () => log('warning', 'host', `abandoned what was still running after ${graceMs} ms`),
      );
      const hooks = app.runHooks('appTerminate', {
        hookData: app.lifecycleHookData,
        appHookData: app.appHookData,
      });
      await within(graceMs, hooks, () =>
        log('warning', 'host', `abandoned the appTerminate hooks after ${graceMs} ms`),
      ).catch((error: unknown) => log('error', 'host', describeError(error)));
    },
  };
}

interface Triggers {
  readonly httpFunctions: readonly HttpFunction[];
  readonly triggers: ReadonlyMap<string, Trigger>;
}

function createTriggers(
  { app, settings }: LoadedApp,
  { env, log }: FunctionsHostOptions,
): Triggers {
  const { queues, routePrefix } = settings;
  const invoke = createInvoke({
    app,
    writeOutputs: createWriteOutputs({ settings: queues, env }),
    log,
  });
  const hostKey = env['FUNCTIONS_HOST_KEY'];
  const maxBodyBytes = Number(env['FUNCTIONS_REQUEST_BODY_SIZE_LIMIT'] ?? defaultMaxBodyBytes);
  const httpFunctions: HttpFunction[] = [];
  const triggers = new Map<string, Trigger>();

  for (const registered of app.functions.values()) {
    const { name } = registered.metadata;
    checkBindings(registered, env);
    const { binding } = triggerBinding(registered.metadata);
    if (binding.type === 'httpTrigger') {
      const dependencies = { routePrefix, hostKey, maxBodyBytes, invoke };
      httpFunctions.push(createHttpFunction(registered, dependencies));
    } else if (binding.type === 'timerTrigger') {
      triggers.set(name, createTimerTrigger({ registered, env, invoke, log }));
    } else {
      const service = queueServiceOf(binding, env);
      const queueName = bindingText(binding, 'queueName', env);
      const poisonName = poisonQueueName(queueName);
      triggers.set(
        name,
        createQueueTrigger({
          registered,
          queue: service.getQueueClient(queueName),
          poisonQueue: poisonName === undefined ? undefined : service.getQueueClient(poisonName),
          settings: queues,
          invoke,
          log,
        }),
      );
    }
  }
  return { httpFunctions, triggers };
}

/** A binding that this host does not know is better refused at the start than missed later. */
function checkBindings({ metadata }: RegisteredFunction, env: FunctionsHostOptions['env']): void {
  const known = ['httpTrigger', 'queueTrigger', 'timerTrigger', 'http', 'queue'];
  for (const binding of Object.values(metadata.bindings)) {
    if (!known.includes(binding.type)) {
      throw new TypeError(
        `Function "${metadata.name}": the local host does not support ${binding.type} bindings`,
      );
    }
    if (binding.type === 'queue') outputQueue(binding, env);
  }
}

/** Resolves when the work is done or the time is up, whichever comes first. */
async function within(ms: number, work: Promise<void>, onTimeout: () => void): Promise<void> {
  const waiting = new AbortController();
  const timeout = sleep(ms, undefined, { signal: waiting.signal }).then(onTimeout, () => undefined);
  try {
    await Promise.race([work, timeout]);
  } finally {
    waiting.abort();
  }
}
