import { app } from '@azure/functions';
import { loadProgram } from '../shared/program.js';

app.timer('purge', {
  schedule: '0 17 * * * *',
  handler: async (timer, context) => (await loadProgram()).purge(timer, context),
});
