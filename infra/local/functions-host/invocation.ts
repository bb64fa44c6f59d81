import { randomUUID } from 'node:crypto';
import type {
  AppRegistry,
  CoreInvocationContext,
  InvocationRequest,
  InvocationResponse,
  RegisteredFunction,
} from './core-module.js';
import { describeError, type Log } from './log.js';
import type { WriteOutputs } from './queue-output.js';

/** Runs a function once, outputs included. Rejects, after logging it, with whatever made it fail. */
export type Invoke = (
  registered: RegisteredFunction,
  request: InvocationRequest,
) => Promise<InvocationResponse>;

export interface InvokeDependencies {
  readonly app: AppRegistry;
  readonly writeOutputs: WriteOutputs;
  readonly log: Log;
}

/**
 * Drives the library's own invocation model in the order in which the genuine worker does.
 *
 * @see https://github.com/Azure/azure-functions-nodejs-worker/blob/v3.x/src/eventHandlers/InvocationHandler.ts
 */
export function createInvoke({ app, writeOutputs, log }: InvokeDependencies): Invoke {
  return async (registered, request) => {
    const { metadata } = registered;
    const invocationId = randomUUID();
    const startedAtMs = performance.now();
    log('debug', metadata.name, `invocation ${invocationId} started`);
    try {
      const response = await runInvocation(app, registered, {
        invocationId,
        request: { ...request, invocationId },
        metadata,
        state: undefined,
        log: (level, category, message) =>
          log(level, category === 'user' ? metadata.name : 'host', message),
      });
      await writeOutputs(metadata, response);
      const durationMs = Math.round(performance.now() - startedAtMs);
      log('debug', metadata.name, `invocation ${invocationId} succeeded in ${durationMs} ms`);
      return response;
    } catch (error) {
      log('error', metadata.name, `invocation ${invocationId} failed: ${describeError(error)}`);
      throw error;
    }
  };
}

async function runInvocation(
  app: AppRegistry,
  { callback }: RegisteredFunction,
  core: CoreInvocationContext,
): Promise<InvocationResponse> {
  if (app.programmingModel === undefined) throw new Error('The app has set no programming model');
  const model = await app.programmingModel.getInvocationModel(core);
  const { context, inputs } = await model.getArguments();
  const shared = { hookData: {}, appHookData: app.appHookData, invocationContext: context };

  const before = { ...shared, inputs, functionCallback: callback };
  core.state = 'preInvocationHooks';
  await app.runHooks('preInvocation', before);

  const after: AfterInvocation = { ...shared, inputs: before.inputs, result: null, error: null };
  core.state = 'invocation';
  try {
    after.result = await model.invokeFunction(context, before.inputs, before.functionCallback);
  } catch (error) {
    // Whatever is thrown counts as an error, as it does in the genuine worker.
    after.error = error ?? new Error('The function threw nothing');
  }
  core.state = 'postInvocationHooks';
  await app.runHooks('postInvocation', after);
  core.state = undefined;

  // A hook that clears the error has dealt with it. Any other value is the function's to throw.
  // eslint-disable-next-line @typescript-eslint/only-throw-error
  if (after.error !== null && after.error !== undefined) throw after.error;
  return model.getResponse(context, after.result);
}

/** What hooks see after the function; they may replace `result` and `error`. */
interface AfterInvocation {
  readonly invocationContext: unknown;
  readonly inputs: unknown[];
  result: unknown;
  error: unknown;
}
