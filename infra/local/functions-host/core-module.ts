import Module from 'node:module';
import type { Log, LogLevel } from './log.js';

/**
 * The host's side of the contract with the `@azure/functions` library: the module
 * `@azure/functions-core`, which exists at run time only. The shapes follow the library's
 * `types-core/index.d.ts`, reduced to what this host reads or writes.
 *
 * @see https://github.com/Azure/azure-functions-nodejs-library/blob/v4.x/types-core/index.d.ts
 */
const coreModuleName = '@azure/functions-core';

/** One value on its way between host and library; exactly one member is set. */
export interface TypedData {
  readonly string?: string | null;
  readonly json?: string | null;
  readonly bytes?: Uint8Array | null;
  readonly int?: number | null;
  readonly double?: number | null;
  readonly http?: HttpData | null;
}

interface NullableString {
  readonly value: string;
}

export interface HttpData {
  readonly method?: string;
  readonly url?: string;
  readonly nullableHeaders?: Record<string, NullableString>;
  readonly nullableParams?: Record<string, NullableString>;
  readonly nullableQuery?: Record<string, NullableString>;
  readonly body?: TypedData | null;
  readonly statusCode?: string;
  readonly headers?: Record<string, string>;
  readonly cookies?: readonly HttpCookie[];
}

export interface HttpCookie {
  readonly name?: string | null;
  readonly value?: string | null;
  readonly domain?: { readonly value?: string } | null;
  readonly path?: { readonly value?: string } | null;
  readonly expires?: { readonly value?: { readonly seconds?: number } } | null;
  readonly secure?: { readonly value?: boolean } | null;
  readonly httpOnly?: { readonly value?: boolean } | null;
  /** `none` is "not given"; the attribute `None` is `explicitNone`. */
  readonly sameSite?: 'none' | 'lax' | 'strict' | 'explicitNone' | null;
  readonly maxAge?: { readonly value?: number } | null;
}

/** A trigger, input or output; its own settings (`queueName`, `route`, …) stand beside these. */
export interface Binding {
  readonly type: string;
  readonly direction: 'in' | 'out';
  readonly [setting: string]: unknown;
}

export interface FunctionMetadata {
  readonly name: string;
  readonly bindings: Readonly<Record<string, Binding>>;
}

type FunctionCallback = (...args: unknown[]) => unknown;

export interface RegisteredFunction {
  readonly metadata: FunctionMetadata;
  readonly callback: FunctionCallback;
}

interface ParameterBinding {
  readonly name: string;
  readonly data: TypedData;
}

export interface InvocationRequest {
  readonly inputData: readonly ParameterBinding[];
  readonly triggerMetadata?: Readonly<Record<string, TypedData>>;
  readonly traceContext?: { readonly traceParent: string; readonly traceState?: string };
}

export interface InvocationResponse {
  readonly outputData?: readonly ParameterBinding[] | null;
  readonly returnValue?: TypedData | null;
}

export interface CoreInvocationContext {
  readonly invocationId: string;
  readonly request: InvocationRequest & { readonly invocationId: string };
  readonly metadata: FunctionMetadata;
  state: 'preInvocationHooks' | 'invocation' | 'postInvocationHooks' | undefined;
  log(level: LogLevel, category: string, message: string): void;
}

interface InvocationModel {
  getArguments(): Promise<{ context: unknown; inputs: unknown[] }>;
  invokeFunction(context: unknown, inputs: unknown[], callback: FunctionCallback): Promise<unknown>;
  getResponse(context: unknown, result: unknown): Promise<InvocationResponse>;
}

interface ProgrammingModel {
  getInvocationModel(context: CoreInvocationContext): InvocationModel | Promise<InvocationModel>;
  getCapabilities?(
    defaults: Record<string, string>,
  ): Record<string, string> | Promise<Record<string, string>>;
}

const hookNames = ['appStart', 'appTerminate', 'preInvocation', 'postInvocation'] as const;

type HookName = (typeof hookNames)[number];

type HookCallback = (context: object) => unknown;

/** What an app has registered. */
export interface AppRegistry {
  readonly functions: Map<string, RegisteredFunction>;
  /** Shared by all hooks. */
  readonly appHookData: Record<string, unknown>;
  /** Shared by the `appStart` and `appTerminate` hooks only. */
  readonly lifecycleHookData: Record<string, unknown>;
  programmingModel: ProgrammingModel | undefined;
  /** Runs the hooks of that name one after the other, in the order of their registration. */
  runHooks(name: HookName, context: object): Promise<void>;
  /** From here on a registration throws. */
  close(): void;
}

/** Makes `require('@azure/functions-core')` answer, for the whole process, and says what arrives there. */
export function provideCoreModule(log: Log): AppRegistry {
  const functions = new Map<string, RegisteredFunction>();
  const hooks = new Map<HookName, Set<HookCallback>>(hookNames.map((name) => [name, new Set()]));
  let isClosed = false;
  const registry: AppRegistry = {
    functions,
    appHookData: {},
    lifecycleHookData: {},
    programmingModel: undefined,
    async runHooks(name, context) {
      for (const hook of hooks.get(name) ?? []) await hook(context);
    },
    close: () => (isClosed = true),
  };

  answerRequire(coreModuleName, {
    version: '0.0.0-local',
    hostVersion: '4.0.0-local',
    Disposable,
    registerFunction(metadata: FunctionMetadata, callback: FunctionCallback) {
      const { name } = metadata;
      if (isClosed) throw new Error(`Cannot register "${name}": the app has started`);
      if (functions.has(name)) throw new Error(`Cannot register "${name}": the name is taken`);
      functions.set(name, { metadata, callback });
      return new Disposable(() => functions.delete(name));
    },
    registerHook(name: string, callback: HookCallback) {
      const callbacks = hooks.get(name as HookName);
      if (callbacks === undefined) throw new RangeError(`The local host runs no "${name}" hooks`);
      callbacks.add(callback);
      return new Disposable(() => callbacks.delete(callback));
    },
    setProgrammingModel: (model: ProgrammingModel) => (registry.programmingModel = model),
    getProgrammingModel: () => registry.programmingModel,
    log: (level: LogLevel, _category: string, message: string) => log(level, 'host', message),
  });
  return registry;
}

class Disposable {
  readonly #callOnDispose: () => unknown;

  constructor(callOnDispose: () => unknown) {
    this.#callOnDispose = callOnDispose;
  }

  static from(...disposables: { dispose(): unknown }[]): Disposable {
    return new Disposable(() => {
      for (const disposable of disposables) disposable.dispose();
    });
  }

  dispose(): unknown {
    return this.#callOnDispose();
  }
}

/** The library looks its host up with `require`, so that is where the genuine worker answers too. */
function answerRequire(name: string, exports: object): void {
  const { prototype } = Module;
  prototype.require = new Proxy(Reflect.get(prototype, 'require') as NodeJS.Require, {
    apply: (target, self, args: [string]): unknown =>
      args[0] === name ? exports : Reflect.apply(target, self, args),
  });
}
