import { contractHeader, contractVersion } from '../../protocol/contract.js'
import { statusOf } from '../../protocol/contract-status.js'
import { retryAfterOf } from '../../protocol/retry-after.js'
import type { Exchange, Who } from '../harness/client.js'
import { expect, isContractError, member } from '../harness/expectations.js'
import { Mismatch } from '../harness/mismatch.js'
import type { ProviderSecrets } from '../harness/provider/grants.js'
import type { Scene } from '../harness/scene.js'
import type { Every, Rules, UnnamedRule } from '../rule.js'

const isRelayed = ({ path, headers }: Exchange): boolean =>
  path.includes('/resource/') && !headers.has(contractHeader)

/** Looks for values in every byte that came, headers included. */
function holds({ headers, text }: Exchange, values: Iterable<string>): boolean {
  const bytes = [...headers].map(([name, value]) => `${name}: ${value}`).join('\n') + text
  return [...values].some((value) => value.length > 3 && bytes.includes(value))
}

/** No answer holds one of the values. */
const none = (values: (secrets: ProviderSecrets) => Iterable<string>, what: string): Every => ({
  isRight: (answer, { provider }) => !holds(answer, values(provider.secrets)),
  problem: `holds ${what}`,
})

/** A header that every answer has. */
const has = (name: string, form: RegExp): Every => ({
  isRight: ({ headers }) => form.test(headers.get(name) ?? ''),
  problem: `has no right ${name}`,
})

const isTokenAnswer = ({ method, path }: Exchange): boolean =>
  method === 'POST' && /^\/[^/]+\/token$|\/access-token$/.test(path)

/** Duties of every answer in the whole run. These rules come last. */
export const answerRules: Rules = everyAnswer({
  caching: {
    why: 'A token in a cache can be read by anybody who reads the cache.',
    section: 'RFC 6749 §5.1, RFC 9111 §5.2.2.5',
    every: [has('cache-control', /\bno-store\b/)],
  },
  headers: {
    tier: 'hardening',
    why: 'An answer is data: it is not sniffed, framed, executed, or loaded into another page.',
    section: 'contract, headers of every answer',
    every: [
      has('x-content-type-options', /^nosniff$/i),
      has('content-security-policy', /default-src 'none'.*frame-ancestors 'none'/),
      has('referrer-policy', /^no-referrer$/i),
      has('cross-origin-resource-policy', /^same-origin$/i),
      has('vary', /^(?=.*\borigin\b)(?=.*\bcookie\b)/i),
      { ...has('content-type', /^application\/json\b/), of: ({ text }) => text !== '' },
    ],
  },
  'version-header': {
    why: "It tells the backend's own answer from one of the API, or of a proxy's error page.",
    section: 'contract, Countersign',
    every: [
      {
        ...has(contractHeader, new RegExp(`^${contractVersion}$`)),
        of: (answer) => answer.text !== '' && !isRelayed(answer),
      },
    ],
  },
  'error-form': {
    why: 'The page decides by the error whether to send again, to start again, or to sign in.',
    section: 'RFC 6749 §5.2; contract, errors',
    every: [
      {
        isRight: (answer) => {
          const error = member(answer, 'error')
          const isDescribed = typeof member(answer, 'error_description') === 'string'
          return isContractError(error) && statusOf[error] === answer.status && isDescribed
        },
        problem: 'is not one of the errors in the contract',
        of: (answer) => answer.status >= 400 && answer.method !== 'HEAD' && !isRelayed(answer),
      },
    ],
  },
  'client-secret': {
    why: 'It lets anybody who has it act as the app.',
    section: 'RFC 10017 §6.2.3.1',
    every: [none(({ clientSecrets }) => clientSecrets, "the client's secret")],
  },
  'refresh-tokens': {
    why: 'A refresh token in a page is a way into the bank account for as long as the consent lasts.',
    section: 'RFC 10017 §6.2.4.2',
    every: [none(({ refreshTokens }) => refreshTokens, 'a refresh token')],
  },
  'access-tokens': {
    why: 'Access tokens come in two answers of mediated providers, and nowhere in bff.',
    section: 'RFC 10017 §6.1.4.2, §6.2.4.2',
    every: [
      {
        ...none(({ accessTokens }) => accessTokens.keys(), 'an access token'),
        of: (answer) => !isTokenAnswer(answer),
      },
      none(
        ({ accessTokens }) => [...accessTokens.keys()].filter((token) => accessTokens.get(token) === 'bff'),
        'an access token of the bff provider',
      ),
    ],
  },
  'provider-words': {
    why: "A provider's error text is made for logs: it may hold tokens, names, or markup.",
    section: 'contract, error_description',
    every: [none(({ words }) => [words], "the provider's own words")],
  },
  'cors-answers': {
    why: 'Even an error that another site may read tells it who is signed in.',
    section: 'RFC 10017 §6.1.3.3.2',
    every: [
      {
        isRight: ({ headers, origin: asked }, { options: { origin } }) => {
          const allowed = headers.get('access-control-allow-origin')
          return allowed === null || (allowed === origin && asked === origin)
        },
        problem: 'allows another origin to read it',
      },
    ],
  },
  outbound: {
    why: "The provider learns nothing of the app's session.",
    section: 'RFC 10017 §6.1.3.6',
    run({ provider, options: { sessions } }) {
      const values = [sessions.user, sessions.other ?? {}].flatMap((headers) => Object.values(headers))
      const leaked = provider.requests.find(({ headers, text, target }) => {
        const bytes = [...headers].map(([, value]) => value).join('\n') + text + target
        return headers.has('cookie') || values.some((value) => value.length > 3 && bytes.includes(value))
      })
      expect(leaked === undefined, `${leaked?.method ?? ''} to the provider carried the app's session`)
    },
  },
})

/** TRACE is left out: its answer often comes from a server in front, which does not know the contract. */
function everyAnswer(rules: Readonly<Record<string, Omit<UnnamedRule, 'sent'>>>): Rules {
  const meant = (every: Every): Every => ({
    ...every,
    of: (answer) => answer.method !== 'TRACE' && (every.of?.(answer) ?? true),
  })
  const entries = Object.entries(rules).map(([name, rule]): [string, UnnamedRule] => [
    name,
    { sent: 'all of the above', ...rule, every: (rule.every ?? []).map(meant) },
  ])
  return Object.fromEntries(entries)
}

/** Opt-in: they use up what the user, and then this machine, may ask for in a minute. */
export const rateLimitRules: Rules = {
  'rate-limit': {
    tier: 'hardening',
    sent: 'authorization requests without a pause, up to 400',
    why: 'Signing and pushing cost money, and a stolen session must not do it without end.',
    section: 'RFC 10017 §6.1.3.5',
    run: (scene) => expectLimit(scene, 'user', 400),
  },
  'rate-limit-address': {
    tier: 'hardening',
    sent: 'authorization requests of nobody without a pause, up to 1500',
    why: 'Every request has a session looked up, and nobody may cause that without end.',
    section: 'RFC 10017 §6.1.3.5',
    // Where limits are by the minute of the clock, 600 in each may pass on both sides of its end.
    run: (scene) => expectLimit(scene, 'nobody', 1500),
  },
}

async function expectLimit(scene: Scene, as: Who, most: number): Promise<void> {
  const [method, path] = scene.authorization()
  for (let count = 0; count < most; count += 1) {
    const answer = await scene.ask([method, path, { as, body: {}, patient: false }])
    if (answer.status !== 429) continue
    const wait = retryAfterOf(answer.headers) ?? 0
    expect(Number.isInteger(wait) && wait > 0, 'Retry-After is not a number of seconds')
    return
  }
  throw new Mismatch(`${String(most)} requests in a row were worked on`)
}
