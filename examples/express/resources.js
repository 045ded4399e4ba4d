import { createHash } from 'node:crypto'
import { json } from './body.js'
import { parse, request } from './provider.js'
import { Refusal } from './refusal.js'

const segment = '(?!\\.{1,2}(?:/|$))[A-Za-z0-9._~:-]{1,128}'
const readBody = json({ limit: '64kb' })

/**
 * A request of a page to the provider's API: only what is listed, with the token added here.
 *
 * @param {{ method: string, path: string, query?: string[] }[]} provider.resources
 */
export function createResources({ find, usableToken }, providers) {
  return async (req, res) => {
    const connection = find(req.subject, req.params.id)
    const provider = providers[connection.provider]
    if (provider.mode !== 'bff') throw new Refusal('not_found')
    // Not decoded: an encoded character is none of those that a segment may hold.
    const [path, query = ''] = req.url.slice(1).split('?')
    const route = findRoute(provider.resources, req.method, path)
    const url = buildUrl(provider.api, path)
    url.search = checkQuery(route, query)
    const body = req.method === 'GET' ? undefined : await bodyOf(req, res)

    const send = async (rejected) => {
      const { accessToken } = await usableToken(connection, rejected)
      return { accessToken, ...(await ask(url, req, connection.id, accessToken, body)) }
    }
    let answer = await send()
    if (answer.status === 401) {
      // What may have had an effect is not repeated.
      if (req.method !== 'GET') throw new Refusal('provider_error')
      answer = await send(hashOf(answer.accessToken))
      if (answer.status === 401) throw new Refusal('provider_error')
    }
    relay(answer, res)
  }
}

function findRoute(resources, method, path) {
  const matching = resources.filter((route) => pattern(route.path).test(path))
  if (matching.length === 0) throw new Refusal('not_found')
  const route = matching.find((candidate) => candidate.method === method)
  if (route) return route
  const allow = matching.map((candidate) => candidate.method).join(', ')
  throw new Refusal('method_not_allowed', { headers: { Allow: allow } })
}

const pattern = (template) => new RegExp(`^${template.replace(/\{\w+\}/g, segment)}$`)

/** Appended, never resolved: `http:host` at the beginning of a path would be a reference to another server. */
function buildUrl(api, path) {
  const base = new URL(api.endsWith('/') ? api : `${api}/`)
  const url = new URL(base)
  url.pathname = base.pathname + path
  // The segments allow for nothing else; this is the last look before a token goes out.
  if (url.origin !== base.origin || !url.pathname.startsWith(base.pathname)) throw new Refusal('not_found')
  return url
}

function checkQuery({ query: allowed = [] }, query) {
  const names = [...new URLSearchParams(query).keys()]
  const isKnown = names.every((name) => allowed.includes(name))
  if (!isKnown || new Set(names).size !== names.length) throw new Refusal('invalid_request')
  return query
}

async function bodyOf(req, res) {
  for (const step of readBody)
    await new Promise((resolve, reject) => step(req, res, (error) => (error ? reject(error) : resolve())))
  return req.text
}

const maximumAnswer = 4_194_304

async function ask(url, req, id, accessToken, body) {
  const headers = {
    accept: 'application/json',
    authorization: `Bearer ${accessToken}`,
    'x-fapi-interaction-id': req.correlation,
  }
  if (body !== undefined) headers['content-type'] = 'application/json'
  const answer = await request(url, { method: req.method, headers, body }, maximumAnswer)
  if (answer.status >= 500) throw new Refusal('provider_unavailable')
  const wanted = stepUp(answer, accessToken)
  if (wanted) throw new Refusal('step_up_required', { connection: id, wanted })
  // Some APIs repeat a request in an error.
  if (holds(answer.text, accessToken)) throw new Refusal('provider_error')
  return answer
}

/** What an API wants that asks for a newer or stronger sign-in (RFC 9470); another token would not help. */
function stepUp({ status, headers }, token) {
  const challenge = status === 401 ? (headers.get('www-authenticate') ?? '') : ''
  const read = (name) =>
    new RegExp(`[ ,]${name}="?([\\x20\\x21\\x23-\\x2b\\x2d-\\x5b\\x5d-\\x7e]{1,256})`).exec(challenge)?.[1]
  if (challenge.includes(token) || read('error') !== 'insufficient_user_authentication') return undefined
  const [acr, age] = [read('acr_values'), Number(read('max_age') ?? NaN)]
  return { ...(acr && { acr_values: acr }), ...(Number.isInteger(age) && { max_age: age }) }
}

/** As it is, or written in escapes of JSON. */
const holds = (text, token) =>
  text.includes(token) ||
  text
    .replace(/\\(?:u([\da-f]{4})|(.))/gi, (_, code, character) =>
      code === undefined ? character : String.fromCharCode(parseInt(code, 16)),
    )
    .includes(token)

/** JSON and nothing else, with none of the API's headers. */
function relay({ status, headers, text }, res) {
  const isJson = /^application\/([\w.+-]+\+)?json\b/i.test(headers.get('content-type') ?? '')
  if (text !== '' && !(isJson && parse(text) !== undefined)) throw new Refusal('provider_error')
  res.removeHeader('Countersign')
  res.status(status).type('json').send(text)
}

const hashOf = (token) => createHash('sha256').update(token).digest('base64url')
