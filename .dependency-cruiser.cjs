/** Who may know whom. The cores know nothing outside; adapters and doors meet only in composition. */
const cores = '^shared/(password-reset|bulk-reset|callers|delivery|audit)/';
const adapters = '^shared/(partner-center|entra|azure|handlers)/';

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'functions-only-register',
      comment:
        'A function file registers one trigger; everything else is behind shared/program.ts.',
      severity: 'error',
      from: { path: '^functions/' },
      to: { pathNot: '^(shared/program\\.ts$|node_modules/@azure/functions/)' },
    },
    {
      name: 'platform-knows-nothing-of-ours',
      severity: 'error',
      from: { path: '^shared/platform/' },
      to: { path: '^(shared/(?!platform/)|functions/|infra/|test/)' },
    },
    {
      name: 'cores-know-only-platform',
      severity: 'error',
      from: { path: cores },
      to: {
        path: '^(shared/(partner-center|entra|azure|handlers|config|composition|program)|functions/|infra/|test/)',
      },
    },
    {
      name: 'cores-use-no-outside-system',
      comment: 'A core that seems to need such an import needs a port.',
      severity: 'error',
      from: { path: cores },
      to: { path: '^node_modules/(@azure|node-fetch|openid-client)/' },
    },
    {
      name: 'password-reset-core-stands-alone',
      severity: 'error',
      from: { path: '^shared/password-reset/' },
      to: { path: '^shared/(bulk-reset|callers|delivery|audit)/' },
    },
    {
      name: 'bulk-reset-knows-only-one-reset',
      severity: 'error',
      from: { path: '^shared/bulk-reset/' },
      to: { path: '^shared/(callers|delivery)/' },
    },
    {
      name: 'audit-stands-apart',
      comment: 'The other cores tell it what happened through a port of their own.',
      severity: 'error',
      from: { path: '^shared/(bulk-reset|callers|delivery)/' },
      to: { path: '^shared/audit/' },
    },
    {
      name: 'audit-knows-the-terms-of-one-reset',
      severity: 'error',
      from: { path: '^shared/audit/' },
      to: { path: '^shared/(bulk-reset|callers|delivery)/' },
    },
    {
      name: 'callers-and-delivery-stand-alone',
      severity: 'error',
      from: { path: '^shared/(callers|delivery)/' },
      to: { path: '^shared/(bulk-reset)/' },
    },
    {
      name: 'adapters-do-not-know-each-other',
      severity: 'error',
      from: { path: '^shared/(partner-center|entra|azure|handlers)/' },
      to: { path: adapters, pathNot: '^shared/$1/' },
    },
    {
      name: 'adapters-do-not-know-composition',
      severity: 'error',
      from: { path: '^shared/(?!composition|program)' },
      to: { path: '^(shared/(composition|program)|functions/)' },
    },
    {
      name: 'functions-library-at-the-doors-only',
      severity: 'error',
      from: { path: '^shared/(?!handlers/)' },
      to: { path: '^node_modules/@azure/functions/' },
    },
    {
      name: 'node-fetch-in-composition-only',
      severity: 'error',
      from: { path: '^(functions|shared)/', pathNot: '^shared/composition/' },
      to: { path: '^node_modules/node-fetch/' },
    },
    {
      name: 'product-does-not-know-stack-or-tests',
      severity: 'error',
      from: { path: '^(functions|shared)/' },
      to: { path: '^(infra|test)/' },
    },
    {
      name: 'stack-does-not-know-the-product',
      comment: 'A stand-in that shared code with the product would agree with its mistakes.',
      severity: 'error',
      from: { path: '^infra/local/' },
      to: { path: '^(shared|functions|test)/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node'],
      extensions: ['.ts', '.js', '.mjs'],
    },
  },
};
