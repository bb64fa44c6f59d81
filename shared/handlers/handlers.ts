import type { HttpHandler, StorageQueueHandler } from '@azure/functions';

/** What is behind the functions: one handler for each that is registered. */
export interface Handlers {
  readonly resetPassword: HttpHandler;
  readonly getPasswordReset: HttpHandler;
  readonly getPasswordResetResult: HttpHandler;
  readonly processPasswordReset: StorageQueueHandler;
  readonly processBulkReset: StorageQueueHandler;
  readonly getBulkReset: HttpHandler;
  readonly getBulkResetRows: HttpHandler;
  readonly whoami: HttpHandler;
  readonly health: HttpHandler;
}
