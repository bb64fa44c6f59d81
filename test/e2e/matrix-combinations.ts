import { randomUUID } from 'node:crypto';
import { standardHeaders } from '../builders/a-signed-webhook.js';
import type { MatrixCaller } from './matrix-callers.js';
import {
  type Ask,
  asks,
  ofApproval,
  ofAudit,
  ofHealth,
  ofJob,
  ofJobResult,
  ofOwned,
  ofReset,
  ofWebhook,
  ofWhoami,
  type Ownership,
  type Place,
  places,
  reaches,
  type Verdict,
} from './matrix-rules.js';

/** One request of one caller, and what must become of it. */
export interface Combination {
  readonly caller: MatrixCaller;
  /** Method and route, as `functions/` registers them. */
  readonly route: string;
  readonly path: string;
  readonly about: string;
  readonly body?: object | string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly expected: Verdict;
  /** Answers that must not differ, because the difference would tell what there is. */
  readonly alike?: string;
  /** Users who must be reset, once each. */
  readonly resets?: readonly string[];
}

/** What a caller has of its own. */
export interface Possessions {
  readonly resetId?: string;
  readonly jobId?: string;
}

export interface WaitingJob {
  readonly waitsFor: 'A' | 'all';
  readonly owner: MatrixCaller;
  readonly id: string;
  /** Of what is to be agreed to. */
  readonly digest: string;
}

export interface World {
  readonly callers: readonly MatrixCaller[];
  readonly possessionsOf: (caller: MatrixCaller) => Possessions;
  /** Of somebody else. */
  readonly foreignTo: (caller: MatrixCaller) => Required<Possessions>;
  readonly waitingJobs: readonly WaitingJob[];
  readonly nameOf: (place: Place) => string;
  /** Another user of the customer each time. */
  readonly newUser: (customer: Place['customer'], ask: Ask) => string;
  readonly linkToken: string;
  readonly webhookSecret: string;
}

/** Every caller on every route, for every customer and everybody's objects. */
export function allCombinations(world: World): readonly Combination[] {
  return [
    ...world.callers.flatMap((caller) => [
      ...resets(world, caller),
      ...jobs(world, caller),
      ...owned(world, caller),
      ...approvals(world, caller),
      ...reveals(world, caller),
      ...audits(world, caller),
      { ...get(caller, 'whoami', 'whoami'), expected: ofWhoami(caller.may) },
      { ...get(caller, 'health', 'health'), expected: ofHealth(caller) },
    ]),
    ...webhooks(world),
  ];
}

function resets(world: World, caller: MatrixCaller): Combination[] {
  return askedAt(Object.keys(asks) as Ask[]).map(({ ask, place }) => {
    const expected = ofReset(caller.may, ask, place);
    const user = world.newUser(place.customer, ask);
    return {
      ...post(caller, 'password-resets', 'password-resets'),
      about: `${ask} for ${place.customer} by ${place.by}`,
      body: orderOf(world, ask, place, user),
      expected,
      ...(expected === '200' && { resets: [user] }),
      ...(caller.may?.customers !== 'all' && alikeIfAbsent(caller, `resets ${ask}`, expected)),
    };
  });
}

/** A job has a row for each customer. */
function jobs(world: World, caller: MatrixCaller): Combination[] {
  return jobAsks.map((ask) => {
    const expected = ofJob(caller.may, ask);
    const rows = places.map((place) => ({ place, user: world.newUser(place.customer, ask) }));
    const { may } = caller;
    const reached = rows.filter(({ place }) => may !== undefined && reaches(may, place));
    return {
      ...post(caller, 'bulk-resets', 'bulk-resets'),
      about: ask,
      body: {
        delivery: ask,
        onInvalidRows: 'skip',
        rows: rows.map(({ place, user }) => ({ customer: world.nameOf(place), user })),
      },
      expected,
      ...(expected === '202' && { resets: reached.map(({ user }) => user) }),
    };
  });
}

const jobAsks = ['none', 'link', 'response'] as const;

function owned(world: World, caller: MatrixCaller): Combination[] {
  const { may } = caller;
  const own = world.possessionsOf(caller);
  const foreign = world.foreignTo(caller);
  const resetIds = [
    ['own', own.resetId],
    ['foreign', foreign.resetId],
    ['foreign row', `${foreign.jobId}-0000001`],
    ['unknown', `20250101-${randomUUID()}`],
    ['malformed', 'x'],
  ] as const;
  const jobIds = [
    ['own', own.jobId],
    ['foreign', foreign.jobId],
    ['unknown', randomUUID()],
    ['malformed', 'x'],
  ] as const;
  const of = (
    [method, collection, verb]: readonly [typeof get, 'password-resets' | 'bulk-resets', string],
    [whose, id]: readonly [Ownership, string | undefined],
  ): Combination[] => {
    if (id === undefined) return [];
    const expected =
      verb === '/result' && collection === 'bulk-resets'
        ? ofJobResult(may, whose)
        : ofOwned(may, whose, collection);
    const route = `${collection}/{id}${verb}`;
    const request = method(caller, route, `${collection}/${id}${verb}`);
    return [
      { ...request, about: whose, expected, ...alikeIfAbsent(caller, request.route, expected) },
    ];
  };
  return [
    ...resetIds.flatMap((id) => [
      ...of([get, 'password-resets', ''], id),
      ...of([get, 'password-resets', '/result'], id),
      ...of([post, 'password-resets', '/revoke'], id),
    ]),
    ...jobIds.flatMap((id) => [
      ...of([get, 'bulk-resets', ''], id),
      ...of([get, 'bulk-resets', '/result'], id),
      ...of([get, 'bulk-resets', '/rows'], id),
      ...of([post, 'bulk-resets', '/cancel'], id),
      ...of([post, 'bulk-resets', '/acknowledge'], id),
    ]),
  ];
}

function approvals(world: World, caller: MatrixCaller): Combination[] {
  const nobody = { waitsFor: 'nobody', owner: undefined, digest: '0'.repeat(64) } as const;
  const candidates = [
    ...world.waitingJobs,
    { ...nobody, id: world.foreignTo(caller).jobId },
    { ...nobody, id: randomUUID() },
  ];
  return candidates.flatMap(({ waitsFor, owner, id, digest }) =>
    [{ method: get }, { method: post, body: { digest } }].map(({ method, ...rest }) => {
      const about = `waits for who reaches ${waitsFor}`;
      const asked = method(caller, 'bulk-resets/{id}/approval', `bulk-resets/${id}/approval`);
      const request = { ...asked, ...rest, about };
      const expected = ofApproval(caller.may, { waitsFor, isOwn: owner === caller });
      return { ...request, expected, ...alikeIfAbsent(caller, request.route, expected) };
    }),
  );
}

function audits({ nameOf }: World, caller: MatrixCaller): Combination[] {
  const today = new Date().toISOString().slice(0, 10);
  return (['A', 'B', 'unknown', 'no single customer'] as const).map((about) => {
    const isNone = about === 'no single customer';
    const customer = isNone ? 'none' : nameOf({ customer: about, by: 'GUID' });
    const request = get(caller, 'audit', `audit?customer=${customer}&day=${today}&limit=1`);
    const expected = ofAudit(caller.may, about);
    return { ...request, about, expected, ...alikeIfAbsent(caller, request.route, expected) };
  });
}

/** Whoever has a link may open it, and nobody may with anything else. */
function reveals({ linkToken }: World, caller: MatrixCaller): Combination[] {
  const [id = '', ...fingerprint] = linkToken.split('.');
  const forged = `${id}.${fingerprint.join('.').replace(/.{8}$/, 'AAAAAAAA')}`;
  const unknown = `20250101-${randomUUID()}.${fingerprint.join('.')}`;
  const route = 'reveal/{token}';
  const look = { ...get(caller, route, `reveal/${linkToken}`), about: 'genuine' };
  return [
    { ...look, expected: '200' as const },
    ...[forged, unknown].flatMap((token) =>
      ['GET', 'HEAD', 'POST'].map((method) => ({
        ...requestOf(method, caller, route, `reveal/${token}`),
        about: 'not genuine',
        expected: '404' as const,
        alike: `${method} reveal`,
      })),
    ),
  ];
}

/** Only the signature counts, and whose it is. */
function webhooks(world: World): Combination[] {
  const route = 'webhooks/{source}';
  const eventFor = (ask: Ask, place: Place, user: string) =>
    JSON.stringify({
      type: 'password-reset.requested',
      timestamp: new Date().toISOString(),
      data: orderOf(world, ask, place, user),
    });
  const somewhere: Place = { customer: 'A', by: 'GUID' };
  const refused = { expected: '401 Unauthorized', alike: 'webhooks' } as const;
  const sign = (body: string) =>
    standardHeaders({ secret: world.webhookSecret, body, id: randomUUID() });

  const unsigned = world.callers.map((caller) => ({
    ...post(caller, route, 'webhooks/ticket-system'),
    about: 'unsigned',
    body: eventFor('none', somewhere, world.newUser('A', 'none')),
    ...refused,
  }));
  const source = world.callers.find(({ name }) => name === 'webhook source');
  if (source === undefined) throw new RangeError('There is no webhook source');
  const signer = { ...source, headers: {} };
  const signed = askedAt(['none', 'link', 'response']).map(({ ask, place }) => {
    const expected = ofWebhook(source.may, ask, place);
    const user = world.newUser(place.customer, ask);
    const body = eventFor(ask, place, user);
    return {
      ...post(signer, route, 'webhooks/ticket-system'),
      about: `signed, ${ask} for ${place.customer} by ${place.by}`,
      body,
      headers: sign(body),
      expected,
      ...(expected === '202' && { resets: [user] }),
      ...alikeIfAbsent(source, `webhooks ${ask}`, expected),
    };
  });
  const misdirected = ['all-for-a', 'helpdesk', 'nobody'].map((name) => {
    const body = eventFor('none', somewhere, world.newUser('A', 'none'));
    const request = post(signer, route, `webhooks/${name}`);
    return { ...request, about: `signed for ${name}`, body, headers: sign(body), ...refused };
  });
  return [...unsigned, ...signed, ...misdirected];
}

function askedAt(wanted: readonly Ask[]): { readonly ask: Ask; readonly place: Place }[] {
  return wanted.flatMap((ask) => places.map((place) => ({ ask, place })));
}

function orderOf({ nameOf }: World, ask: Ask, place: Place, user: string): object {
  return {
    customer: nameOf(place),
    user,
    delivery: ask === 'link' || ask === 'response' ? ask : 'none',
    ...(ask === 'chosen' && { password: 'Correct-Horse-7-Battery' }),
  };
}

function alikeIfAbsent({ name }: MatrixCaller, what: string, expected: Verdict) {
  return expected.startsWith('404') ? { alike: `${name}: ${what}` } : {};
}

function requestOf(method: string, caller: MatrixCaller, route: string, path: string) {
  return { caller, route: `${method} ${route}`, path: `/${path}`, about: '' };
}

const get = (...rest: [MatrixCaller, string, string]) => requestOf('GET', ...rest);
const post = (...rest: [MatrixCaller, string, string]) => requestOf('POST', ...rest);
