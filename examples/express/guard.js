import { createHash, randomUUID } from 'node:crypto'
import { Refusal } from './refusal.js'

/** On every answer: it is not cached, sniffed, framed, or loaded into another page. */
export function answerHeaders(req, res, next) {
  res.set('Cache-Control', 'no-store')
  res.set('X-Content-Type-Options', 'nosniff')
  res.set('Content-Security-Policy', "default-src 'none'; frame-ancestors 'none'; sandbox")
  res.set('Referrer-Policy', 'no-referrer')
  res.set('Cross-Origin-Resource-Policy', 'same-origin')
  res.set('Vary', 'Origin, Cookie')
  res.set('Countersign', '1')
  next()
}

const uuid = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i

/** The id of this request, for your log and the provider's: the page's own, where that is a UUID, or a new one. */
export function correlation(req, res, next) {
  const given = req.get('x-fapi-interaction-id')
  req.correlation = uuid.test(given) ? given.toLowerCase() : randomUUID()
  res.set('X-Fapi-Interaction-Id', req.correlation)
  next()
}

/** Refuses what another site's page caused. Page and backend share an origin here, so every preflight is refused. */
export function guard(origins) {
  return (req, res, next) => {
    const origin = req.get('origin')
    const site = req.get('sec-fetch-site')
    const version = req.get('countersign')
    const preflight = req.method === 'OPTIONS' && req.get('access-control-request-method')
    if (preflight) throw new Refusal('forbidden_origin')
    // Browsers leave the Origin out of a same-origin GET only.
    if (origin === undefined && req.method !== 'GET' && req.method !== 'HEAD')
      throw new Refusal('forbidden_origin')
    if (origin !== undefined && !origins.includes(origin)) throw new Refusal('forbidden_origin')
    if (site !== undefined && site !== 'same-origin') throw new Refusal('forbidden_origin')
    if (version === undefined) throw new Refusal('forbidden_origin')
    if (version !== '1') throw new Refusal('invalid_request')
    // Express would answer it like a GET.
    if (req.method === 'HEAD') throw new Refusal('method_not_allowed', { headers: { Allow: 'GET' } })
    next()
  }
}

/** Refuses what a page asks for another user than the session's: somebody else has signed in in another tab. */
export function guardSubject(req, res, next) {
  const asked = req.get('countersign-subject')
  const own = createHash('sha256').update(req.subject).digest('base64url')
  if (asked !== undefined && asked !== own) throw new Refusal('subject_mismatch')
  next()
}

/** So many requests a minute from each; a shared store counts for several processes. */
export function rateLimit(perMinute, keyOf) {
  const windows = new Map()
  return (req, res, next) => {
    const minute = Math.floor(Date.now() / 60_000)
    if (windows.get('minute') !== minute) {
      windows.clear()
      windows.set('minute', minute)
    }
    const count = (windows.get(keyOf(req)) ?? 0) + 1
    windows.set(keyOf(req), count)
    if (count <= perMinute) return next()
    const seconds = 60 - (Math.floor(Date.now() / 1000) % 60)
    throw new Refusal('rate_limited', { headers: { 'Retry-After': String(seconds) } })
  }
}

export const notAllowed = (allow) => () => {
  throw new Refusal('method_not_allowed', { headers: { Allow: allow } })
}
