import type { Authenticate } from '../../../shared/handlers/authenticate.js';
import {
  type CallerDoor,
  createCallerDoor,
  createNoteRefusals,
} from '../../../shared/handlers/caller-door.js';
import { createHttpDoor } from '../../../shared/handlers/http-door.js';
import { noAudit } from '../../fakes/fake-audit.js';

/** A door that lets in whom it is told to. */
export function aCallerDoor(authenticate: Authenticate, { note } = noAudit): CallerDoor {
  const door = createHttpDoor({ budgetMs: 25_000 });
  return createCallerDoor({ door, authenticate, noteRefusals: createNoteRefusals({ note }) });
}
