import { app } from '@azure/functions';
import { loadProgram } from '../shared/program.js';

app.http('get-password-reset', {
  methods: ['GET'],
  authLevel: 'anonymous',
  route: 'password-resets/{id}',
  handler: async (request, context) => (await loadProgram()).getPasswordReset(request, context),
});
