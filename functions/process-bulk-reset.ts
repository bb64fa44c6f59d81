import { app } from '@azure/functions';
import { loadProgram } from '../shared/program.js';

app.storageQueue('process-bulk-reset', {
  queueName: 'bulk-reset-jobs',
  connection: 'STORAGE',
  handler: async (message, context) => (await loadProgram()).processBulkReset(message, context),
});
