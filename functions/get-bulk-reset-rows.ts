import { app } from '@azure/functions';
import { loadProgram } from '../shared/program.js';

app.http('get-bulk-reset-rows', {
  methods: ['GET'],
  authLevel: 'anonymous',
  route: 'bulk-resets/{id}/rows',
  handler: async (request, context) => (await loadProgram()).getBulkResetRows(request, context),
});
