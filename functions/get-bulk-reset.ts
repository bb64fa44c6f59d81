import { app } from '@azure/functions';
import { loadProgram } from '../shared/program.js';

app.http('get-bulk-reset', {
  methods: ['GET'],
  authLevel: 'anonymous',
  route: 'bulk-resets/{id}',
  handler: async (request, context) => (await loadProgram()).getBulkReset(request, context),
});
