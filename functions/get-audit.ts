import { app } from '@azure/functions';
import { loadProgram } from '../shared/program.js';

app.http('get-audit', {
  methods: ['GET'],
  authLevel: 'anonymous',
  route: 'audit',
  handler: async (request, context) => (await loadProgram()).getAudit(request, context),
});
