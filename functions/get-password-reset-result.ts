import { app } from '@azure/functions';
import { loadProgram } from '../shared/program.js';

app.http('get-password-reset-result', {
  methods: ['GET'],
  authLevel: 'anonymous',
  route: 'password-resets/{id}/result',
  handler: async (request, context) =>
    (await loadProgram()).getPasswordResetResult(request, context),
});
