import { describe, expect, it } from '@jest/globals';
import { toColumns } from '../../../shared/azure/entities.js';

describe('toColumns()', () => {
  it('gives back what was stored, without what belongs to the table', () => {
    expect(
      toColumns({
        partitionKey: 'partition',
        rowKey: 'row',
        etag: '"1"',
        timestamp: '2026-01-01T00:00:00Z',
        'odata.metadata': 'http://127.0.0.1',
        schemaVersion: 1,
        revision: 'a revision',
        caller: 'helpdesk',
        forceChangePassword: false,
        attempts: 0,
        reference: '',
      }),
    ).toEqual({ caller: 'helpdesk', forceChangePassword: false, attempts: 0, reference: '' });
  });

  it('gives a date back as milliseconds, under a name that says so', () => {
    expect(toColumns({ acceptedAt: new Date(1_767_225_600_123) })).toEqual({
      acceptedAtMs: 1_767_225_600_123,
    });
  });
});
