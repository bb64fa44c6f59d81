import { app } from '@azure/functions';
import { loadProgram } from '../shared/program.js';

app.http('acknowledge-bulk-reset', {
  methods: ['POST'],
  authLevel: 'anonymous',
  route: 'bulk-resets/{id}/acknowledge',
  handler: async (request, context) => (await loadProgram()).acknowledgeBulkReset(request, context),
});
