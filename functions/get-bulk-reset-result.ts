import { app } from '@azure/functions';
import { loadProgram } from '../shared/program.js';

app.http('get-bulk-reset-result', {
  methods: ['GET'],
  authLevel: 'anonymous',
  route: 'bulk-resets/{id}/result',
  handler: async (request, context) => (await loadProgram()).getBulkResetResult(request, context),
});
