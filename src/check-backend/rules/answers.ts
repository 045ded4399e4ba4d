import { contractHeader, contractVersion } from '../../protocol/contract.js'
import type { Bench } from '../harness/bench.js'
import type { Exchange, Who } from '../harness/client.js'
import { statusOf } from '../../protocol/contract-status.js'
import { expect, isContractError, member, outcomeOf, requestOf } from '../harness/expectations.js'
import { Mismatch } from '../harness/mismatch.js'
import type { ProviderSecrets } from '../harness/provider/grants.js'
import type { Rules } from '../rule.js'
import { strangeOrigins } from './guard.js'

/** Every answer so far, but for TRACE: that one often comes from a server in front, which does not know the contract. */
const answersOf = ({ client }: Bench): readonly Exchange[] =>
  client.exchanges.filter(({ method }) => method !== 'TRACE')

const isRelayed = ({ path, headers }: Exchange): boolean =>
  path.includes('/resource/') && !headers.has(contractHeader)

const header = ({ headers }: Exchange, name: string): string => headers.get(name) ?? ''

/** Goes through every answer, or those that a rule is about. @throws {Mismatch} for the first that is not right. */
const every =
  (
    isRight: (answer: Exchange, bench: Bench) => boolean,
    problem: string,
    isMeant: (answer: Exchange) => boolean = () => true,
  ) =>
  (bench: Bench): void => {
    const wrong = answersOf(bench).find((answer) => isMeant(answer) && !isRight(answer, bench))
    if (wrong) throw new Mismatch(`the answer to ${requestOf(wrong)} (${outcomeOf(wrong)}) ${problem}`)
  }

/** Looks for values in every byte that came, headers included. */
function holds({ headers, text }: Exchange, values: Iterable<string>): boolean {
  const bytes = [...headers].map(([name, value]) => `${name}: ${value}`).join('\n') + text
  return [...values].some((value) => value.length > 3 && bytes.includes(value))
}

/** Goes through every answer. @throws {Mismatch} for the first that holds one of the values. */
const none = (
  values: (secrets: ProviderSecrets) => Iterable<string>,
  what: string,
): ReturnType<typeof every> =>
  every((answer, { provider }) => !holds(answer, values(provider.secrets)), `holds ${what}`)

const isTokenAnswer = ({ method, path }: Exchange): boolean =>
  method === 'POST' && /^\/[^/]+\/token$|\/access-token$/.test(path)

/** Duties of every answer in the whole run. These rules come last. */
export const answerRules: Rules = {
  caching: {
    sent: 'all of the above',
    why: 'A token in a cache is a token of whoever reads the cache.',
    section: 'RFC 6749 §5.1, RFC 9111 §5.2.2.5',
    run: every(
      (answer) => /\bno-store\b/.test(header(answer, 'cache-control')),
      'lacks Cache-Control: no-store',
    ),
  },
  headers: {
    sent: 'all of the above',
    why: 'An answer is data: it is not sniffed, framed, executed, or loaded into another page.',
    section: 'contract, headers of every answer',
    run(bench) {
      for (const [name, form] of Object.entries(protectiveHeaders))
        every((answer) => form.test(header(answer, name)), `has no right ${name}`)(bench)
      const isJson = (answer: Exchange): boolean =>
        answer.text === '' || /^application\/json\b/.test(header(answer, 'content-type'))
      every(isJson, 'is not application/json')(bench)
    },
  },
  'version-header': {
    sent: 'all of the above',
    why: "It tells the backend's own answer from one of the API, or of a proxy's error page.",
    section: 'contract, Countersign',
    run: every(
      (answer) => header(answer, contractHeader) === contractVersion,
      'lacks Countersign: 1',
      (answer) => answer.text !== '' && !isRelayed(answer),
    ),
  },
  'error-form': {
    sent: 'all of the above',
    why: 'The page decides by the error whether to send again, to start again, or to sign in.',
    section: 'RFC 6749 §5.2; contract, errors',
    run: every(
      (answer) => {
        const error = member(answer, 'error')
        const isDescribed = typeof member(answer, 'error_description') === 'string'
        return isContractError(error) && statusOf[error] === answer.status && isDescribed
      },
      'is not one of the errors in the contract',
      (answer) => answer.status >= 400 && answer.method !== 'HEAD' && !isRelayed(answer),
    ),
  },
  'client-secret': {
    sent: 'all of the above',
    why: 'Whoever has it is the app.',
    section: 'RFC 10017 §6.2.3.1',
    run: none(({ clientSecrets }) => clientSecrets, "the client's secret"),
  },
  'refresh-tokens': {
    sent: 'all of the above',
    why: 'A refresh token in a page is a way into the bank account for as long as the consent lasts.',
    section: 'RFC 10017 §6.2.4.2',
    run: none(({ refreshTokens }) => refreshTokens, 'a refresh token'),
  },
  'access-tokens': {
    sent: 'all of the above',
    why: 'Access tokens come in two answers of mediated providers, and nowhere in bff.',
    section: 'RFC 10017 §6.1.4.2, §6.2.4.2',
    run(bench) {
      const { accessTokens } = bench.provider.secrets
      const { mediated } = bench.options.providers
      const all = [...accessTokens.keys()]
      const hidden = all.filter((token) => accessTokens.get(token) !== mediated)
      every((one) => isTokenAnswer(one) || !holds(one, all), 'holds an access token')(bench)
      every((one) => !holds(one, hidden), 'holds an access token of the bff provider')(bench)
    },
  },
  'provider-words': {
    sent: 'all of the above',
    why: "A provider's error text is made for logs: it may hold tokens, names, or markup.",
    section: 'contract, error_description',
    run: none(({ words }) => [words], "the provider's own words"),
  },
  'cors-answers': {
    sent: 'all of the above',
    why: 'Even an error that another site may read tells it who is signed in.',
    section: 'RFC 10017 §6.1.3.3.2',
    run(bench) {
      const { origin } = bench.options
      const isRight = ({ headers, origin: asked }: Exchange): boolean => {
        const allowed = headers.get('access-control-allow-origin')
        return allowed === null || (allowed === origin && asked === origin)
      }
      every(isRight, `allows another origin to read it (${strangeOrigins(origin)[0] ?? ''})`)(bench)
    },
  },
  outbound: {
    sent: 'all of the above',
    why: "The provider learns nothing of the app's session.",
    section: 'RFC 10017 §6.1.3.6',
    run({ provider, options }) {
      const sessions = [options.sessions.user, options.sessions.other ?? {}].flatMap((headers) =>
        Object.values(headers),
      )
      const leaked = provider.requests.find(({ headers, text, target }) => {
        const bytes = [...headers].map(([, value]) => value).join('\n') + text + target
        return headers.has('cookie') || sessions.some((value) => value.length > 3 && bytes.includes(value))
      })
      expect(!leaked, `${leaked?.method ?? ''} to the provider carried the app's session`)
    },
  },
}

/** Opt-in: they use up what the user, and then this machine, may ask for in a minute. */
export const rateLimitRules: Rules = {
  'rate-limit': {
    sent: 'authorization requests without a pause, up to 400',
    why: 'Signing and pushing cost money, and a stolen session must not do it without end.',
    section: 'RFC 10017 §6.1.3.5',
    run: (bench) => expectLimit(bench, 'user', 400),
  },
  'rate-limit-address': {
    sent: 'authorization requests of nobody without a pause, up to 1000',
    why: "Every request has the app's sessions looked up, and who has none must not have that done without end.",
    section: 'RFC 10017 §6.1.3.5',
    run: (bench) => expectLimit(bench, 'nobody', 1000),
  },
}

async function expectLimit({ client, options }: Bench, as: Who, most: number): Promise<void> {
  for (let count = 0; count < most; count += 1) {
    const answer = await client.send('POST', `/${options.providers.mediated}/authorization`, {
      as,
      body: {},
      patient: false,
    })
    if (answer.status !== 429) continue
    const wait = Number(answer.headers.get('retry-after') ?? NaN)
    expect(Number.isInteger(wait) && wait > 0, 'Retry-After is no number of seconds')
    return
  }
  throw new Mismatch(`${String(most)} requests in a row were worked on`)
}

const protectiveHeaders: Readonly<Record<string, RegExp>> = {
  'x-content-type-options': /^nosniff$/i,
  'content-security-policy': /default-src 'none'.*frame-ancestors 'none'/,
  'referrer-policy': /^no-referrer$/i,
  'cross-origin-resource-policy': /^same-origin$/i,
  vary: /^(?=.*\borigin\b)(?=.*\bcookie\b)/i,
}
