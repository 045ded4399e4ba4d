import fc from 'fast-check'

/** Pieces by which a path becomes another one, or another server's, in the eyes of some parser. */
const pieces = [
  ...['..', '.', '...', '%2e%2e', '%2E.', '.%2e', '%252e%252e', '..;', '%2e%2e;', '..%00', '..%5c'],
  ...[
    '/',
    '//',
    '\\',
    '\\\\',
    '%2f',
    '%5c',
    '%252f',
    '%00',
    '%',
    '%zz',
    '\t',
    '\n',
    '\r',
    '\0',
    ' ',
    '\ud800',
  ],
  ...[
    'http:',
    'https:',
    'http://',
    'HTTPS:\\\\',
    'javascript:',
    'data:',
    'file:///',
    ':',
    ':80',
    '@',
    'user:password@',
  ],
  ...['evil.example', '127.0.0.1:4680', '[::1]', 'api.bank.example', 'api.bank.example@evil.example'],
  ...['?', '#', ';', '&', '=', 'accounts', 'transactions', 'admin', 'v3', '~', '__proto__', '．．', '／'],
]
const piece = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...pieces) },
  { weight: 1, arbitrary: fc.string({ maxLength: 6, unit: 'binary' }) },
)
const separator = fc.constantFrom('/', '', '/', '\\', '%2f')

/** Paths made to leave the place that they are appended to. */
export const hostilePath = fc
  .array(fc.tuple(piece, separator), { maxLength: 7 })
  .map((parts) => parts.flat().join(''))
