/** What must never happen. */
export type Invariant =
  // Of rows.
  | 'every accepted row is settled in the end'
  | 'a settled row stays as it is'
  | 'a row has no more attempts than allowed'
  | 'a rejected row was never applied'
  | 'a cancelled row was never sent'
  | 'a request that was turned away is never carried out'
  | 'one idempotency key is one reset'
  | 'nothing fails unforeseen'
  | 'every job comes to its end, and counts what its rows did'
  | 'a job that was accepted is carried out'
  | 'an acknowledged job discloses nothing'
  // Of requests to the directory.
  | 'only who holds the lease sends'
  | 'only who holds the user sends'
  | 'one generation is one password'
  | 'an older reset is not sent after a newer one was applied'
  // Of passwords.
  | 'a row discloses one password at most'
  | 'a link shows its password once'
  | 'a disclosed password works'
  | 'a disclosed password stays valid'
  | 'a password that the user chose is not overwritten'
  | 'a late request undoes no newer reset'
  | 'nothing is disclosed inside a shadow'
  | 'the password of an applied row can be read';

export interface Violation {
  readonly invariant: Invariant;
  readonly details: string;
  readonly atMs: number;
  /** What it is about. */
  readonly resetId?: string | undefined;
  readonly user?: string | undefined;
  readonly bulkResetId?: string | undefined;
}

export type Report = (violation: Violation) => void;

export interface EndOfRun {
  readonly isEverythingOver: boolean;
  /** The longest that a request may travel on after its client gave up. */
  readonly travelsMs: number;
}
