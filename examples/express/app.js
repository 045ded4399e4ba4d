import express from 'express'
import { isHash, isText, isVerifier, json } from './body.js'
import { createConnections, toAccessToken, toDocument } from './connections.js'
import { answerHeaders, correlation, guard, guardSubject, notAllowed, rateLimit } from './guard.js'
import { Refusal, sendRefusal } from './refusal.js'
import { createResources } from './resources.js'
import { createTransactions } from './transactions.js'

const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value)
const words = (scope) => (typeof scope === 'string' ? scope.split(' ').filter(Boolean) : [])

/**
 * The backend contract, version 1, levels 1 and 2.
 *
 * @param {string[]} options.origins The origins of the app's pages.
 * @param {(req: import('express').Request) => string | undefined} options.session Who is signed in to the app.
 * @param {Record<string, ReturnType<typeof import('./provider.js').oauthProvider>>} options.providers
 */
export function createApp({ origins, session, providers: list, basePath = '/connect', ...limits }) {
  const { perMinute = 600, perAddress = 10 * perMinute } = limits
  const providers = Object.assign(Object.create(null), list)
  const transactions = createTransactions()
  const connections = createConnections(providers)
  const router = express.Router({ caseSensitive: true, strict: true })

  const providerOf = (name) => {
    if (!(name in providers)) throw new Refusal('unknown_provider')
    return providers[name]
  }

  router.use(answerHeaders, correlation, guard(origins))
  // The socket's address: behind a proxy of yours, say so with `app.set('trust proxy', …)`.
  router.use(rateLimit(perAddress, (req) => req.ip))
  router.use(async (req, res, next) => {
    req.subject = await session(req)
    if (req.subject === undefined) throw new Refusal('unauthenticated')
    next()
  })
  router.use(
    rateLimit(perMinute, (req) => req.subject),
    guardSubject,
  )

  router
    .route('/connections')
    .get((req, res) => {
      res.json({ connections: connections.list(req.subject).map(toDocument) })
    })
    .all(notAllowed('GET'))

  router
    .route('/connections/:id')
    .delete(async (req, res) => {
      const connection = connections.find(req.subject, req.params.id)
      res.json(await connections.forget(connection))
    })
    .all(notAllowed('DELETE'))

  router
    .route('/connections/:id/access-token')
    .post(json({ members: ['rejected'] }), async (req, res) => {
      const { rejected } = req.body
      if (rejected !== undefined && !isHash(rejected)) throw new Refusal('invalid_request')
      const connection = connections.find(req.subject, req.params.id)
      if (providers[connection.provider].mode !== 'mediated') throw new Refusal('not_found')
      res.json(toAccessToken(await connections.usableToken(connection, rejected)))
    })
    .all(notAllowed('POST'))

  router.use('/connections/:id/resource', createResources(connections, providers))

  const authorizationMembers = 'state code_challenge nonce redirect_uri scope connection input'.split(' ')
  router
    .route('/:provider/authorization')
    .post(json({ members: authorizationMembers }), (req, res) => {
      const { provider: name } = req.params
      const provider = providerOf(name)
      const { state, code_challenge: challenge, nonce, redirect_uri: redirectUri, input = {} } = req.body
      const { scope = provider.scope, connection: renews } = req.body
      if (!isHash(state) || !isHash(challenge)) throw new Refusal('invalid_request')
      const isNonceRight = nonce === undefined ? !provider.isOpenId : isHash(nonce)
      if (!isNonceRight) throw new Refusal('invalid_request')
      if (redirectUri !== provider.redirectUri) throw new Refusal('invalid_request')
      const asked = words(scope)
      // Without an ID Token nothing would say who connects.
      if (provider.isOpenId && !asked.includes('openid')) asked.unshift('openid')
      if (asked.length === 0) throw new Refusal('invalid_request')
      if (!asked.every((one) => words(provider.scope).includes(one))) throw new Refusal('invalid_request')
      // This provider lets a page choose nothing.
      if (!isObject(input) || Object.keys(input).length > 0) throw new Refusal('invalid_request')
      if (renews !== undefined && connections.find(req.subject, renews).provider !== name)
        throw new Refusal('unknown_connection')
      const owner = { subject: req.subject, provider: name, state }
      transactions.begin(owner, { challenge, nonce, scope: asked.join(' '), renews })
      res.status(201).json({
        authorization_url: provider.authorizationUrl({ state, challenge, nonce, scope: asked.join(' ') }),
        expires_in: transactions.seconds,
      })
    })
    .all(notAllowed('POST'))

  const tokenMembers = ['code', 'state', 'code_verifier', 'iss', 'scope', 'transaction']
  router
    .route('/:provider/token')
    .post(json({ members: tokenMembers }), async (req, res) => {
      const { provider: name } = req.params
      const provider = providerOf(name)
      const { code, state, code_verifier: verifier, iss, scope: named } = req.body
      if (named !== undefined && !isText(named)) throw new Refusal('invalid_request')
      if (!isText(code) || !isHash(state)) throw new Refusal('invalid_request')
      if (!isVerifier(verifier)) throw new Refusal('invalid_request')
      // RFC 9207: a response of another server is not for this one.
      if (iss !== undefined && iss !== provider.issuer) throw new Refusal('transaction_invalid')
      const owner = { subject: req.subject, provider: name, state }
      const id = await transactions.redeem(owner, verifier, async ({ scope, nonce, renews }) => {
        const tokens = await provider.redeem(code, verifier, nonce)
        const purpose = { subject: req.subject, provider: name, requested: scope, named, renews }
        return connections.keep(purpose, tokens)
      })
      const connection = connections.find(req.subject, id)
      const accessToken = provider.mode === 'mediated' ? toAccessToken(connection.tokens) : {}
      res.json({ connection: toDocument(connection), ...accessToken })
    })
    .all(notAllowed('POST'))

  router.use(() => {
    throw new Refusal('not_found')
  })
  router.use(sendRefusal)

  const app = express()
  app.disable('x-powered-by')
  app.disable('etag')
  app.use(basePath, router)
  return app
}
