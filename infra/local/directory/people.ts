import { pick, type SeededRandom } from './seeded-random.js';

export interface Person {
  readonly firstName: string;
  readonly lastName: string;
  readonly displayName: string;
  /** The name in ASCII, as sign-in names are written: `zeynep.yildiz`. */
  readonly alias: string;
  readonly usageLocation: string;
}

/** Names as they are written, each with the letters of a sign-in name. */
type Spellings = Readonly<Record<string, string>>;

interface Naming {
  readonly usageLocation: string;
  readonly first: Spellings;
  readonly last: Spellings;
  /** What the display name puts first, and what is between the names. */
  readonly familyFirst?: '' | ' ';
}

const namings: readonly Naming[] = [
  {
    usageLocation: 'US',
    first: { Daniel: 'daniel', Maya: 'maya', Grace: 'grace', Tyrone: 'tyrone' },
    last: { Tsai: 'tsai', Washington: 'washington', Li: 'li', 'Smith-Jones': 'smith-jones' },
  },
  {
    usageLocation: 'IE',
    first: { Sinéad: 'sinead', Pádraig: 'padraig', Aoife: 'aoife' },
    last: { "O'Brien": "o'brien", 'Ní Dhomhnaill': 'nidhomhnaill', Walsh: 'walsh' },
  },
  {
    usageLocation: 'DE',
    first: { Jörg: 'joerg', Käthe: 'kaethe', Lukas: 'lukas' },
    last: { Weiß: 'weiss', 'Müller-Lüdenscheidt': 'mueller', Schäfer: 'schaefer' },
  },
  {
    usageLocation: 'FR',
    first: { Zoé: 'zoe', François: 'francois', Anaïs: 'anais' },
    last: { Lefèvre: 'lefevre', 'd’Aubigné': 'daubigne', Noël: 'noel' },
  },
  {
    usageLocation: 'PL',
    first: { Łukasz: 'lukasz', Małgorzata: 'malgorzata', Paweł: 'pawel' },
    last: { Wiśniewski: 'wisniewski', Żółć: 'zolc', Dąbrowska: 'dabrowska' },
  },
  {
    usageLocation: 'VN',
    first: { 'Thị Hương': 'huong', Đức: 'duc' },
    last: { Nguyễn: 'nguyen', Trần: 'tran' },
    familyFirst: ' ',
  },
  {
    usageLocation: 'HU',
    first: { Győző: 'gyozo', Ágnes: 'agnes' },
    last: { Szűcs: 'szucs', Kőműves: 'komuves' },
    familyFirst: ' ',
  },
  {
    usageLocation: 'TR',
    first: { Işıl: 'isil', İbrahim: 'ibrahim', Çağrı: 'cagri' },
    last: { Yıldız: 'yildiz', Öztürk: 'ozturk', Şahin: 'sahin' },
  },
  {
    usageLocation: 'GR',
    first: { Ελένη: 'eleni', Γιώργος: 'giorgos' },
    last: { Παπαδοπούλου: 'papadopoulou', Νικολάου: 'nikolaou' },
  },
  {
    usageLocation: 'UA',
    first: { Олена: 'olena', Юрій: 'yurii' },
    last: { Шевченко: 'shevchenko', Ґалаґан: 'galagan' },
  },
  {
    usageLocation: 'AE',
    first: { فاطمة: 'fatima', يوسف: 'yousef' },
    last: { الهاشمي: 'alhashimi', المنصوري: 'almansoori' },
  },
  {
    usageLocation: 'IL',
    first: { נועה: 'noa', איתן: 'eitan' },
    last: { כהן: 'cohen', 'בן־דוד': 'ben-david' },
  },
  {
    usageLocation: 'CN',
    first: { 秀英: 'xiuying', 伟: 'wei' },
    last: { 王: 'wang', 欧阳: 'ouyang' },
    familyFirst: '',
  },
  {
    usageLocation: 'JP',
    first: { さくら: 'sakura', 健一: 'kenichi', マリア: 'maria' },
    last: { '𠮷田': 'yoshida', 佐々木: 'sasaki' },
    familyFirst: ' ',
  },
  {
    usageLocation: 'KR',
    first: { 지우: 'jiwoo', 민준: 'minjun' },
    last: { 김: 'kim', 남궁: 'namgung' },
    familyFirst: '',
  },
  {
    usageLocation: 'IN',
    first: { प्रिया: 'priya', अर्जुन: 'arjun' },
    last: { शर्मा: 'sharma', त्रिपाठी: 'tripathi' },
  },
  {
    usageLocation: 'TH',
    first: { สมชาย: 'somchai', กัญญา: 'kanya' },
    last: { ศรีสุข: 'srisuk', ทองดี: 'thongdee' },
  },
];

/** Somebody whose name may be in any alphabet and whose sign-in name is in ASCII. */
export function inventPerson(random: SeededRandom): Person {
  const { usageLocation, first, last, familyFirst } = pick(random, namings);
  const [firstName, firstAscii] = pick(random, Object.entries(first));
  const [lastName, lastAscii] = pick(random, Object.entries(last));
  return {
    firstName,
    lastName,
    displayName:
      familyFirst === undefined
        ? `${firstName} ${lastName}`
        : `${lastName}${familyFirst}${firstName}`,
    alias: `${firstAscii}.${lastAscii}`,
    usageLocation,
  };
}
