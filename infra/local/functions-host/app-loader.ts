import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { provideCoreModule, type AppRegistry } from './core-module.js';
import { findEntryFiles } from './entry-files.js';
import { parseHostSettings, type HostSettings } from './host-settings.js';
import type { Log } from './log.js';

export interface LoadedApp {
  readonly app: AppRegistry;
  readonly settings: HostSettings;
}

/**
 * Loads an unmodified function app folder into this process, once: it becomes the working
 * directory, its entry files are imported one after the other, and its `appStart` hooks run.
 * Rejects when an entry file throws or no function was registered.
 */
export async function loadApp(folder: string, log: Log): Promise<LoadedApp> {
  const settings = parseHostSettings(
    await readFile(join(folder, 'host.json'), 'utf8'),
    availableParallelism(),
  );
  const { main } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as {
    main?: unknown;
  };
  if (typeof main !== 'string') throw new TypeError('package.json: main must name the entry files');
  const files = await findEntryFiles(folder, main);
  if (files.length === 0) throw new Error(`package.json: main matches no file: ${main}`);

  process.chdir(folder);
  const app = provideCoreModule(log);
  for (const file of files) {
    log('debug', 'host', `loading ${file}`);
    await import(pathToFileURL(file).href);
  }
  await app.runHooks('appStart', {
    hookData: app.lifecycleHookData,
    appHookData: app.appHookData,
    functionAppDirectory: folder,
  });
  app.close();
  if (app.functions.size === 0) throw new Error('The app has registered no functions');

  const capabilities = await app.programmingModel?.getCapabilities?.({});
  if (capabilities?.['HttpUri'] !== undefined) {
    throw new Error('The local host does not support HTTP streaming (enableHttpStream)');
  }
  return { app, settings };
}
