import { app } from '@azure/functions';
import { loadProgram } from '../shared/program.js';

app.storageQueue('process-bulk-slice', {
  queueName: 'bulk-reset-slices',
  connection: 'STORAGE',
  handler: async (message, context) => (await loadProgram()).processBulkSlice(message, context),
});
