import type { IncomingMessage, ServerResponse } from 'node:http'
import { breakReply } from './banks/fault.js'
import type { BankName, Banks } from './banks/index.js'
import type { LoggedRequest } from './banks/requests.js'
import { readJson, sendJson } from './server.js'

/** What the demo's server can do once, so that the page can show what becomes of it. */
export type Mishap = 'lose-reply' | 'lose-cookie'

/** The mishaps that are still to come. */
export interface Mishaps {
  /** Whether one is to happen now; it happens once. */
  readonly take: (mishap: Mishap) => boolean
  readonly arm: (mishap: Mishap) => void
}

/** Creates {@link Mishaps}, of which none is to come. */
export function createMishaps(): Mishaps {
  const armed = new Set<Mishap>()
  return { take: (mishap) => armed.delete(mishap), arm: (mishap) => void armed.add(mishap) }
}

/** Lets the backend do its work, and breaks off what it answers. */
export const loseReply = (response: ServerResponse): void => {
  breakReply(response)
}

/** What a bank has received, without anything that it received: how often, and how that was answered. */
export interface Seen {
  /** Codes that were redeemed, or tried to be. */
  readonly redemptions: number
  readonly refreshes: number
  /** Requests of the page or the backend for data. */
  readonly requests: number
  /** Of all of them, those that the bank refused. */
  readonly refused: number
}

const count = (requests: readonly LoggedRequest[]): Seen => {
  const tokens = requests.filter(({ path, method }) => method === 'POST' && path.endsWith('/token'))
  const data = requests.filter(
    ({ path, method }) => method !== 'OPTIONS' && /\/(?:accounts|transactions|graphql)$/.test(path),
  )
  return {
    redemptions: tokens.filter(({ grantType }) => grantType === 'authorization_code').length,
    refreshes: tokens.filter(({ grantType }) => grantType === 'refresh_token').length,
    requests: data.length,
    refused: [...tokens, ...data].filter(({ status = 0 }) => status >= 400).length,
  }
}

/**
 * Serves what the page's scenarios need, to the app's own pages: `/banks/{bank}/next` tells an embedded bank what to do
 * next, `seen` says what it has received since a time, `expire` ends its access tokens, and `/mishaps` arms a mishap of
 * the app's own server.
 *
 * @returns whether the request was one of these
 */
export async function serveScenarios(
  origin: string,
  banks: Banks,
  mishaps: Mishaps,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<boolean> {
  const { pathname, searchParams } = new URL(request.url ?? '/', origin)
  const [, name = '', part] = /^\/banks\/(\w+)\/(next|seen|expire)$/.exec(pathname) ?? []
  if (part === undefined && pathname !== '/mishaps') return false
  // Another site must not make this one's banks fail.
  if (request.method !== 'GET' && request.headers.origin !== origin) sendJson(response, 403, {})
  else if (part === undefined) await armMishap(mishaps, request, response)
  else await askBank(banks, { name, part, since: Number(searchParams.get('since') ?? 0) }, request, response)
  return true
}

async function armMishap(
  mishaps: Mishaps,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { mishap } = await readJson(request)
  if (mishap !== 'lose-reply' && mishap !== 'lose-cookie') {
    sendJson(response, 400, {})
    return
  }
  mishaps.arm(mishap)
  sendJson(response, 200, {})
}

interface Question {
  readonly name: string
  readonly part: string
  /** Milliseconds since the epoch. */
  readonly since: number
}

async function askBank(
  banks: Banks,
  { name, part, since }: Question,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  // Two providers of the page, one bank.
  const key = name === 'moneyhubOnce' ? 'moneyhub' : name
  const bank = Object.hasOwn(banks, key) ? banks[key as BankName] : undefined
  if (!bank) {
    sendJson(response, 404, {})
    return
  }
  const { control, requests } = bank
  if (part === 'seen') {
    sendJson(response, 200, count(requests.all.filter(({ at }) => at >= since)))
    return
  }
  if (part === 'expire') await control.act('expireAccessTokens')
  else if (request.method === 'POST') control.next(await readJson(request))
  else if (request.method === 'DELETE') control.reset()
  sendJson(response, 200, { next: Object.keys(control.state.next) })
}
