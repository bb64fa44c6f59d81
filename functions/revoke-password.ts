import { app } from '@azure/functions';
import { loadProgram } from '../shared/program.js';

app.http('revoke-password', {
  methods: ['POST'],
  authLevel: 'anonymous',
  route: 'password-resets/{id}/revoke',
  handler: async (request, context) => (await loadProgram()).revokePassword(request, context),
});
