import { QueueServiceClient } from '@azure/storage-queue';
import { bindingText } from './trigger.js';
import type { Binding } from './core-module.js';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The queue service a binding names by its `connection`: the app setting of that name, with or
 * without `AzureWebJobs` before it.
 *
 * @throws TypeError that names the setting
 * @see https://learn.microsoft.com/azure/azure-functions/functions-bindings-storage-queue-trigger#connections
 */
export function queueServiceOf(binding: Binding, env: Environment): QueueServiceClient {
  const name = bindingText({ connection: 'Storage', ...binding }, 'connection', env) || 'Storage';
  const candidates = [`AzureWebJobs${name}`, name];
  const connectionString = candidates.map((setting) => env[setting]).find(Boolean);
  if (connectionString !== undefined) {
    return QueueServiceClient.fromConnectionString(connectionString, {
      // The listener asks again anyway; a storage that is away should show in the log soon.
      retryOptions: { maxTries: 2, retryDelayInMs: 200 },
    });
  }
  const identityBased = Object.keys(env).find((setting) =>
    candidates.some((candidate) => setting.startsWith(`${candidate}__`)),
  );
  throw new TypeError(
    identityBased === undefined
      ? `App setting ${name} is missing: it must be a storage connection string`
      : `App setting ${identityBased}: the local host supports connection strings only; set ${name}`,
  );
}
