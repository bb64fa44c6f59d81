import { app } from '@azure/functions';
import { loadProgram } from '../shared/program.js';

app.timer('sweep', {
  schedule: '0 * * * * *',
  handler: async (timer, context) => (await loadProgram()).sweep(timer, context),
});
