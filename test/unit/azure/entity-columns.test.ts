import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { createColumnsParser, toColumns, toEntity } from '../../../shared/azure/entity-columns.js';

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
    ).toEqual({
      schemaVersion: 1,
      caller: 'helpdesk',
      forceChangePassword: false,
      attempts: 0,
      reference: '',
    });
  });

  it('gives a date back as milliseconds, under a name that says so', () => {
    expect(toColumns({ acceptedAt: new Date(1_767_225_600_123) })).toEqual({
      acceptedAtMs: 1_767_225_600_123,
    });
  });
});

describe('toEntity()', () => {
  const key = { partitionKey: 'partition', rowKey: 'row' };
  const own = { schemaVersion: 1, revision: 'a revision' };

  it('stores milliseconds as a date, under a name that does not say so', () => {
    expect(toEntity(key, { acceptedAtMs: 1_767_225_600_123 }, own)).toEqual({
      ...key,
      ...own,
      acceptedAt: new Date(1_767_225_600_123),
    });
  });

  it('leaves out what there is not', () => {
    expect(toEntity(key, { reference: undefined }, own)).toStrictEqual({ ...key, ...own });
  });
});

describe('createColumnsParser()', () => {
  const parse = createColumnsParser(z.object({ resetId: z.string() }), 2);

  it.each([1, 2])('reads what version %d of the schema made of a row', (schemaVersion) => {
    expect(parse({ resetId: 'reset-7', schemaVersion })).toEqual({ resetId: 'reset-7' });
  });

  it.each([3, '1', undefined, null])(
    'understands nothing of schema version %j',
    (schemaVersion) => {
      expect(() => parse({ resetId: 'reset-7', schemaVersion })).toThrow(
        `Cannot understand an entity of schema version ${String(schemaVersion)}`,
      );
    },
  );

  it('refuses columns that do not fit', () => {
    expect(() => parse({ resetId: 7, schemaVersion: 1 })).toThrow();
  });
});
