import { expect, expectOutcome } from '../harness/expectations.js'
import type { Rules } from '../rule.js'

/** Where a page's call of the provider's API may lead: paths and queries. */
export const resourcePathRules: Rules = {
  'resource-unlisted': {
    sent: 'a path and a method that are not listed',
    why: 'What is not allowed by name does not exist.',
    section: 'RFC 10017 §6.1.3.6',
    refuses: (scene) => [
      scene.resource('GET', 'admin'),
      scene.resource('GET', ''),
      scene.resource('POST', 'accounts', { body: {} }),
      scene.resource('HEAD', 'accounts'),
    ],
    // The answer to a HEAD has no body that could hold an error.
    refusal: ['not_found', 'method_not_allowed', 405],
  },
  'resource-path': {
    sent: 'tricks with dots, slashes, backslashes, semicolons and encodings',
    why: "Two parsers that disagree about a path open what neither's owner has allowed.",
    section: 'RFC 10017 §6.1.3.6, RFC 3986 §6.2.2',
    refuses: (scene) =>
      [...trickyPaths, ...pathsToAnotherHost(new URL(scene.provider.issuer).host)].map((path) =>
        scene.resource('GET', path),
      ),
    refusal: '4xx',
  },
  'resource-first-segment': {
    sent: 'GET resource/{customerId}/transactions for ids that read like the beginning of a URL',
    why: 'Resolved against the base instead of appended to it, such an id is a scheme and a host: the token goes there.',
    section: 'contract, resource; RFC 3986 §5.2.2',
    async run(scene) {
      const { host } = new URL(scene.provider.issuer)
      for (const first of [`http:${host}`, `https:${host}`, 'localhost:1', 'data:1', 'a:b:c', ':']) {
        const path = `${first}/transactions`
        const { result, seen } = await scene.seen('api', () => scene.ask(scene.resource('GET', path)))
        const reached = seen.map(({ target }) => target).join()
        expect(reached === `/api/${path}`, `resource/${path} reached the API as ${reached || 'nothing'}`)
        expectOutcome(result, 200)
      }
    },
  },
  'resource-query': {
    sent: 'a query parameter that is not listed, and a listed one twice',
    why: 'A parameter can widen a request as a path can.',
    section: 'RFC 10017 §6.1.3.6',
    refuses: (scene) =>
      ['admin=1', 'limit=1&limit=2', '__proto__=1'].map((query) =>
        scene.resource('GET', `accounts?${query}`),
      ),
    refusal: 'invalid_request',
  },
}

/** Paths that name no account and no customer. Those that a URL parser folds away lead to something else that is not listed. */
const trickyPaths = String.raw`
  ../admin accounts/.. accounts/../admin accounts/%2e%2e/admin accounts/%2e%2e%2fadmin accounts/..%2fadmin
  accounts/..%5cadmin accounts/..\admin accounts/%252e%252e%252fadmin accounts/..;/admin
  accounts/a%00 accounts/a%2fowner accounts/a/owner accounts/a;x=1 accounts/ accounts//a ACCOUNTS
  /evil.example/accounts %2f%2fevil.example/accounts https://evil.example/accounts @evil.example/accounts
  %09//evil.example ../transactions ./transactions %2e%2e/transactions /transactions //transactions
  http:%2f%2fevil.example/transactions http:\\evil.example/transactions user:password@evil.example/transactions
  accounts/${'a'.repeat(200)}
`
  .trim()
  .split(/\s+/)

/**
 * Paths that are another server's for who resolves them against the API's base (RFC 3986 §5.2.2). The server is the check's
 * own provider, beside its API: it sees what arrives, where another host would see a token and tell nobody.
 */
const pathsToAnotherHost = (host: string): readonly string[] => {
  const ends = [`${host}/transactions`, `${host}/accounts`]
  const beginnings = ['/', '//', '///', '\\', '\\\\', '/\\', '%2f', '%2f%2f', '%5c%5c', '%09//', 'user@']
  const schemes = [
    'http:/',
    'http://',
    'http:\\',
    'http:\\\\',
    'http%3a//',
    'http:%2f%2f',
    'HTTP://',
    'javascript://',
  ]
  return [...beginnings, ...schemes].flatMap((beginning) => ends.map((end) => beginning + end))
}
