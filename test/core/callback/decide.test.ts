// The way back as a decision table: every cell of phases, responses, users, modes and windows lies in one row.
import { oidc } from 'countersign/providers'
import { describe, expect, test } from 'vitest'
import { decide, type ReceivedResponse, type Step } from '../../../src/core/callback/decide.js'
import type { Context } from '../../../src/core/context.js'
import type { Provider } from '../../../src/core/provider.js'
import { fromStored } from '../../../src/core/records/ended-transaction.js'
import type { EndedTransaction, Transaction } from '../../../src/core/records/transaction.js'
import { parseAuthorizationResponse } from '../../../src/protocol/authorization-response.js'
import { withoutSecrets } from '../../support/refusal.js'
import { secret } from '../../support/secrets.js'

const now = 1_800_000_000
const state = 's'.repeat(43)
const issuer = 'https://as.example'
const redirectUri = 'https://app.example/callback/bank'
const held = secret('held-code')
const fresh = secret('fresh-code')
const codeVerifier = secret('v'.repeat(43))

/** What each dimension of the table can be. */
const dimensions = {
  /** What the record is: a transaction in its phase, or something else. */
  record: [
    'none',
    'prepared',
    'left',
    'returned',
    'sent',
    'answered',
    'done',
    'failed',
    'damaged',
    'reconfigured',
  ],
  response: [
    'none',
    'code',
    'code and iss',
    'code and another iss',
    'access_denied',
    'access_denied and another iss',
    'another error',
    'state alone',
    'code at another redirect URI',
  ],
  /** The app's user now. */
  user: ['the same', 'another', 'nobody'],
  mode: ['browser', 'mediated'],
  display: ['redirect', 'popup'],
  /** Who decides: the window that the response came to, or the page that opened it. */
  window: ['own', 'opener'],
} as const

type Dimensions = typeof dimensions
type Name = keyof Dimensions
type Cell = { readonly [N in Name]: Dimensions[N][number] }
/** Values of some dimensions; of one that is not named, all. */
type Where = { readonly [N in Name]?: readonly Dimensions[N][number][] }

const names = Object.keys(dimensions) as Name[]

const cells: readonly Cell[] = names.reduce<Partial<Cell>[]>(
  (all, name) => all.flatMap((cell) => dimensions[name].map((value) => ({ ...cell, [name]: value }))),
  [{}],
) as Cell[]

const isIn = (cell: Cell, where: Where): boolean =>
  names.every((name) => (where[name] as readonly string[] | undefined)?.includes(cell[name]) ?? true)

/** The record that a cell finds, valid but for what the cell says of it. */
function recordOf({ record, display }: Cell, changes: Partial<Transaction> = {}): unknown {
  const common = {
    v: 1,
    provider: 'bank',
    subject: 'ada',
    input: { display },
    returnTo: '/accounts',
    createdAt: now - 60,
    expiresAt: now + 840,
  } as const
  const transaction = {
    ...common,
    phase: 'left',
    state,
    codeVerifier,
    codeChallenge: 'challenge',
    nonce: secret('nonce-of-the-transaction'),
    handle: secret('handle-of-the-backend'),
    clientId: 'client-1',
    issuer,
    redirectUri,
    scope: 'openid',
    ...changes,
  } satisfies Transaction
  const returned = { code: held, returnedAt: now - 10, ...changes }
  const error = { name: 'TransactionError', code: 'redemption_unknown', message: 'It ended.' }
  switch (record) {
    case 'none':
      return undefined
    case 'prepared':
    case 'left':
      return { ...transaction, phase: record }
    case 'returned':
      return { ...transaction, phase: record, ...returned }
    case 'sent':
    case 'answered':
      return { ...transaction, phase: record, sends: 1, ...returned }
    case 'done':
      return { ...common, phase: record, connectionId: 'connection-1' } satisfies EndedTransaction
    case 'failed':
      return { ...common, phase: record, outcome: 'failed', error } satisfies EndedTransaction
    case 'damaged':
      return { ...transaction, codeVerifier: undefined }
    case 'reconfigured':
      return { ...transaction, clientId: 'the client before' }
  }
}

/** The response that a cell brings, parsed by the parser of the page. */
function responseOf({ response }: Pick<Cell, 'response'>): ReceivedResponse | undefined {
  if (response === 'none') return undefined
  const parameters = new URLSearchParams({ state })
  if (response.startsWith('code')) parameters.set('code', fresh)
  if (response.startsWith('access_denied')) parameters.set('error', 'access_denied')
  if (response === 'another error') parameters.set('error', 'invalid_scope')
  if (response.endsWith('and iss')) parameters.set('iss', issuer)
  if (response.endsWith('and another iss')) parameters.set('iss', 'https://other.example')
  const url = new URL(
    response.endsWith('another redirect URI') ? 'https://app.example/callback/other' : redirectUri,
  )
  return { ...parseAuthorizationResponse(parameters), url }
}

const users = { 'the same': 'ada', another: 'grace', nobody: null }

function contextOf(
  { user, mode }: Pick<Cell, 'user' | 'mode'>,
  { provider, time = now }: { readonly provider?: Partial<Provider>; readonly time?: number } = {},
): Context {
  const common = { issuer, clientId: 'client-1', scope: 'openid' }
  const bank =
    mode === 'browser'
      ? oidc(common)
      : oidc({ ...common, mode, authorizationEndpoint: `${issuer}/authorize` })
  const context = {
    providers: { bank: { ...bank, ...provider } },
    platform: { clock: { now: () => time } },
    subject: () => users[user],
    redirectUri: (name: string) => `https://app.example/callback/${name}`,
  }
  return context as unknown as Context
}

interface Circumstances {
  readonly transaction?: Partial<Transaction>
  readonly provider?: Partial<Provider>
  /** Epoch seconds. */
  readonly time?: number
}

/** Whoever the user of a cell is, that is not known yet. */
const decideUnknown = (cell: Cell): Step =>
  decide(
    { ...contextOf(cell), subject: () => undefined },
    state,
    recordOf(cell),
    responseOf(cell),
    cell.window === 'opener',
  )

const decideOn = (cell: Cell, { transaction, ...rest }: Circumstances = {}): Step =>
  decide(
    contextOf(cell, rest),
    state,
    deepFreeze(recordOf(cell, transaction)),
    deepFreeze(responseOf(cell)),
    cell.window === 'opener',
  )

/** The record is the database's: whatever changes it in passing fails. */
function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !(value instanceof Error)) {
    Object.values(value).forEach(deepFreeze)
    Object.freeze(value)
  }
  return value
}

/** A step in a few words: with which code, in which phase, how often sent; or how the transaction has ended. */
function inWords(step: Step): string {
  const ending = ({ phase, outcome, error }: EndedTransaction): string =>
    [phase, outcome, error?.code].filter(Boolean).join(' ')
  switch (step.do) {
    case 'nothing':
      return 'nothing'
    case 'show':
      return step.found ? `tell as found: ${ending(step.ended)}` : `tell: ${ending(step.ended)}`
    case 'refuse':
      return `refuse: ${step.error.code}${step.ended ? `, ended: ${ending(step.ended)}` : ''}`
    case 'send':
      return `send ${step.transaction.code} (${step.transaction.phase}, ${step.transaction.sends ?? 0})`
    default:
      return `${step.do} ${step.transaction.code} (${step.transaction.phase}, ${step.transaction.sends ?? 0})`
  }
}

const open = ['prepared', 'left'] as const
const waiting = ['returned', 'sent', 'answered'] as const
const withCode = ['code', 'code and iss'] as const
const anyResponse = dimensions.response.slice(1)
const fromElsewhere = [
  'code and another iss',
  'access_denied and another iss',
  'code at another redirect URI',
] as const

/** The rows: a fact, the cells in which it holds, how many these are, and the step in words. */
const rows: readonly (readonly [fact: string, where: Where, count: number, step: string])[] = [
  // Nothing here that can be gone on with
  ['nothing is here', { record: ['none', 'damaged'], response: ['none'] }, 48, 'nothing'],
  [
    'a response that no transaction awaits is refused',
    { record: ['none', 'damaged'], response: anyResponse },
    384,
    'refuse: state_unknown',
  ],
  ['what has connected is told again', { record: ['done'] }, 216, 'tell as found: done'],
  [
    'what has failed is told again',
    { record: ['failed'] },
    216,
    'tell as found: failed failed redemption_unknown',
  ],
  [
    'a transaction of another configuration is refused, and left to the app that began it',
    { record: ['reconfigured'] },
    216,
    'refuse: transaction_invalid',
  ],

  // What ends it without a code, whoever is here
  [
    'a response that was lost with its page is told, and ends nothing: an id is all there is to go by',
    { record: open, response: ['none'] },
    48,
    'refuse: redemption_unknown',
  ],
  [
    'a response of somebody else changes nothing, be it a refusal',
    { record: open, response: fromElsewhere },
    144,
    'refuse: issuer_mismatch',
  ],
  [
    'a refusal ends it as denied',
    { record: open, response: ['access_denied'] },
    48,
    'tell: failed denied access_denied',
  ],
  [
    'another error ends it as failed',
    { record: open, response: ['another error'] },
    48,
    'tell: failed failed authorization_error',
  ],
  [
    'neither a code nor an error is malformed',
    { record: open, response: ['state alone'] },
    48,
    'tell: failed failed response_malformed',
  ],

  // A code has come now
  [
    'a new code waits until the user has signed in',
    { record: open, response: withCode, user: ['nobody'] },
    32,
    'sign_in fresh-code (returned, 0)',
  ],
  [
    "a new code of another user's is not used",
    { record: open, response: withCode, user: ['another'] },
    32,
    'refuse: subject_mismatch, ended: failed failed subject_mismatch',
  ],
  [
    'a new code is sent',
    { record: open, response: withCode, user: ['the same'], display: ['redirect'] },
    16,
    'send fresh-code (sent, 1)',
  ],
  [
    'a popup hands a new code over; an opener that reads the record before it is there does not send it',
    { record: open, response: withCode, user: ['the same'], display: ['popup'] },
    16,
    'hand_over fresh-code (returned, 0)',
  ],

  // A code is here already: another response does not replace it
  [
    'a stored code waits until the user has signed in',
    { record: ['returned'], user: ['nobody'] },
    72,
    'sign_in held-code (returned, 0)',
  ],
  [
    'so does one that was sent',
    { record: ['sent'], user: ['nobody'] },
    72,
    'sign_in held-code (returned, 1)',
  ],
  [
    'so does one whose answer waits in a page',
    { record: ['answered'], user: ['nobody'] },
    72,
    'sign_in held-code (answered, 1)',
  ],
  [
    "a stored code of another user's is not used, and waits for them",
    { record: waiting, user: ['another'], response: ['none'] },
    24,
    'refuse: subject_mismatch',
  ],
  [
    '… unless a response comes again with it, which somebody may have planted',
    { record: waiting, user: ['another'], response: anyResponse },
    192,
    'refuse: subject_mismatch, ended: failed failed subject_mismatch',
  ],
  [
    'a stored code is sent',
    { record: ['returned'], user: ['the same'], display: ['redirect'] },
    36,
    'send held-code (sent, 1)',
  ],
  [
    'a stored code is sent by the page that opened the popup',
    { record: ['returned'], user: ['the same'], display: ['popup'], window: ['opener'] },
    18,
    'send held-code (sent, 1)',
  ],
  [
    'a popup hands a stored code over',
    { record: ['returned'], user: ['the same'], display: ['popup'], window: ['own'] },
    18,
    'hand_over held-code (returned, 0)',
  ],
  [
    'a code whose answer was lost is sent once more, by a popup too',
    { record: ['sent'], user: ['the same'] },
    72,
    'send held-code (sent, 2)',
  ],
  [
    'an answer that waits in a page is checked, and the code is not sent again',
    { record: ['answered'], user: ['the same'] },
    72,
    'check held-code (answered, 1)',
  ],
]

describe('the decision table', () => {
  test('has every cell in one row', () => {
    expect(cells).toHaveLength(10 * 9 * 3 * 2 * 2 * 2)
    expect(cells.filter((cell) => rows.filter(([, where]) => isIn(cell, where)).length !== 1)).toEqual([])
  })

  test.each(rows)('%s', (_fact, where, count, step) => {
    const inRow = cells.filter((cell) => isIn(cell, where))
    expect(inRow).toHaveLength(count)
    const others = inRow.map((cell) => ({ cell, step: inWords(decideOn(cell)) }))
    expect(others.filter((one) => one.step !== step)).toEqual([])
  })
})

describe('a step', () => {
  const steps = cells.map((cell) => ({ cell, step: decideOn(cell) }))

  test('that ends a transaction leaves no code, verifier, nonce or handle of it', () => {
    const members = 'v provider clientId redirectUri subject input returnTo createdAt expiresAt phase'.split(
      ' ',
    )
    const ended = steps.flatMap(({ cell, step }) =>
      'ended' in step && !('found' in step) ? [{ cell, ended: step.ended }] : [],
    )
    expect(ended).toHaveLength(3 * 48 + 32 + 192)
    for (const { cell, ended: one } of ended) {
      expect(Object.keys(one).sort(), JSON.stringify(cell)).toEqual([...members, 'error', 'outcome'].sort())
      if (one.error) withoutSecrets(fromStored(one.error))
    }
  })

  test('with a code waits while it is not known who the user is', () => {
    const kept = steps.flatMap(({ cell, step }) =>
      cell.user === 'nobody' && 'transaction' in step ? [{ cell, transaction: step.transaction }] : [],
    )
    expect(kept).toHaveLength(32 + 3 * 72)
    for (const { cell, transaction } of kept) {
      expect(decideUnknown(cell), JSON.stringify(cell)).toEqual({
        do: 'wait',
        transaction: { ...transaction, awaitsSignIn: false },
      })
    }
  })

  test('that goes on keeps the transaction, with the time and the issuer of its code', () => {
    const going = steps.flatMap(({ cell, step }) =>
      'transaction' in step ? [{ cell, transaction: step.transaction }] : [],
    )
    expect(going).toHaveLength(32 + 2 * 16 + 3 * 72 + 36 + 2 * 18 + 2 * 72)
    for (const { cell, transaction } of going) {
      const isNew = transaction.code === fresh
      expect(transaction, JSON.stringify(cell)).toEqual({
        ...(recordOf(cell) as Transaction),
        phase: transaction.phase,
        code: transaction.code,
        returnedAt: isNew ? now : now - 10,
        // A page without a user keeps the code for whoever signs in there.
        awaitsSignIn: cell.user === 'nobody',
        ...(isNew && cell.response === 'code and iss' && { iss: issuer }),
        ...(transaction.sends !== undefined && { sends: transaction.sends }),
      })
    }
  })

  test('that refuses has an error without a secret', () => {
    const refused = steps.flatMap(({ step }) => (step.do === 'refuse' ? [step.error] : []))
    expect(refused).toHaveLength(384 + 144 + 48 + 32 + 216 + 216)
    for (const error of refused) withoutSecrets(error)
  })
})

/** The cell from which the tables below vary: a code comes back to the page that left. */
const plain: Cell = {
  record: 'left',
  response: 'code',
  user: 'the same',
  mode: 'browser',
  display: 'redirect',
  window: 'own',
}
const stepOf = (cell: Partial<Cell>, circumstances: Circumstances = {}): string =>
  inWords(decideOn({ ...plain, ...cell }, circumstances))

describe('time', () => {
  const expired = 'tell: failed failed transaction_expired'
  const sent = 'send fresh-code (sent, 1)'

  test.each([
    ['at its expiry is used', { expiresAt: now }, sent],
    ['after its expiry is not', { expiresAt: now - 1 }, expired],
    ['an hour after the beginning is used', { createdAt: now - 3600, expiresAt: now + 9000 }, sent],
    ['later is not, whatever the record says', { createdAt: now - 3601, expiresAt: now + 9000 }, expired],
    ['10 minutes before the beginning is used: a clock was set back', { createdAt: now + 600 }, sent],
    ['earlier is not', { createdAt: now + 601 }, expired],
  ])('a response that comes %s', (_when, transaction, step) => {
    expect(stepOf({}, { transaction })).toBe(step)
    expect(stepOf({ mode: 'mediated' }, { transaction })).toBe(step)
  })

  test('of a transaction does not count once its code is here', () => {
    const transaction = { expiresAt: now - 1, createdAt: now - 3700 }
    expect(stepOf({ record: 'returned' }, { transaction })).toBe('send held-code (sent, 1)')
  })

  const unknown = 'tell: failed failed redemption_unknown'

  test.each([
    // mode, seconds since the code came back, how often it was sent, what is done
    ['browser', 60, 0, 'send held-code (sent, 1)'],
    ['browser', 61, 0, expired],
    ['browser', 60, 1, 'send held-code (sent, 2)'],
    ['browser', 61, 1, unknown],
    ['browser', 0, 2, unknown],
    ['mediated', 600, 0, 'send held-code (sent, 1)'],
    ['mediated', 601, 0, expired],
    ['mediated', 600, 19, 'send held-code (sent, 20)'],
    ['mediated', 601, 1, unknown],
    ['mediated', 0, 20, unknown],
    ['bff', 600, 19, 'send held-code (sent, 20)'],
    ['bff', 601, 0, expired],
  ] as const)('in %s mode a code that is %i s old and was sent %i times: %s', (mode, age, sends, step) => {
    const transaction = { returnedAt: now - age, sends }
    const record = sends === 0 ? 'returned' : 'sent'
    const found = deepFreeze(recordOf({ ...plain, record }, transaction))
    const context = contextOf({ user: 'the same', mode: mode === 'bff' ? 'mediated' : mode })
    const bank = context.providers['bank']!
    const providers = { bank: { ...bank, channel: { ...bank.channel, mode } } }
    expect(inWords(decide({ ...context, providers }, state, found, undefined, false))).toBe(step)
  })
})

describe('a record', () => {
  test.each<[string, Partial<Transaction>]>([
    ['of another client', { clientId: 'client-2' }],
    ['of another redirect URI', { redirectUri: 'https://app.example/callback/other' }],
    ['of a provider that is not configured', { provider: 'other' }],
    ['of a provider named as a member of every object', { provider: 'toString' }],
  ])('%s may be another app’s: it is not used, and does not end', (_title, transaction) => {
    const step = 'refuse: transaction_invalid'
    expect(stepOf({}, { transaction })).toBe(step)
    expect(stepOf({ record: 'returned' }, { transaction })).toBe(step)
  })

  test.each([
    ['of another issuer', { issuer: 'https://other.example' }],
    ['that lies under the key of another state', { state: 't'.repeat(43) }],
  ])('%s ends, with a code or without', (_title, transaction) => {
    const step = 'tell: failed failed transaction_invalid'
    expect(stepOf({}, { transaction })).toBe(step)
    expect(stepOf({ record: 'returned' }, { transaction })).toBe(step)
  })
})

describe('the scope of an authorization response', () => {
  const context = contextOf({ user: 'the same', mode: 'mediated' }, { provider: { narrowsScope: true } })
  const response = { ...responseOf({ response: 'code' })!, grantedScope: 'openid' }
  const scopeOf = (record: unknown) => {
    const step = decide(context, state, record, response, false)
    return 'transaction' in step ? step.transaction.grantedScope : step.do
  }

  test('is kept with its code', () => {
    expect(scopeOf(recordOf(plain))).toBe('openid')
  })

  test.each(['returned', 'sent'] as const)(
    'of a later response changes nothing (%s): no check of its sender was made',
    (record) => {
      const cell = { ...plain, record }
      expect(scopeOf(recordOf(cell, { grantedScope: 'openid accounts' }))).toBe('openid accounts')
      expect(scopeOf(recordOf(cell))).toBeUndefined()
    },
  )

  test('is not trusted in a record where it is no text', () => {
    const record = Object(recordOf({ ...plain, record: 'returned' })) as object
    expect(scopeOf({ ...record, grantedScope: ['openid'] })).toBe('refuse')
  })
})

describe('a provider', () => {
  test('that promises iss is not believed without it, and is with it', () => {
    const provider = { requireIss: true }
    expect(stepOf({ response: 'code' }, { provider })).toBe('refuse: issuer_mismatch')
    expect(stepOf({ response: 'access_denied' }, { provider })).toBe('refuse: issuer_mismatch')
    expect(stepOf({ response: 'code and iss' }, { provider })).toBe('send fresh-code (sent, 1)')
  })

  test('that answers with state alone when the person cancels', () => {
    const provider = { cancelsWithoutCode: true }
    expect(stepOf({ response: 'state alone' }, { provider })).toBe('tell: failed cancelled')
    expect(stepOf({ response: 'another error' }, { provider })).toBe(
      'tell: failed failed authorization_error',
    )
  })

  test('may have other words for a refusal', () => {
    const provider = { deniedErrors: ['invalid_scope'] }
    expect(stepOf({ response: 'another error' }, { provider })).toBe(
      'tell: failed denied authorization_error',
    )
    expect(stepOf({ response: 'access_denied' }, { provider })).toBe('tell: failed denied access_denied')
  })
})
