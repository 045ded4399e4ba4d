import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Html } from './html.js'

/** A request whose body has been read. */
export interface BankRequest extends IncomingMessage {
  readonly body: Buffer
  /** The origin of the listener it arrived at. */
  readonly origin: string
  readonly path: string
  /** Parameters of the query and of a form or JSON body. */
  readonly parameters: Readonly<Record<string, string>>
}

/** Answers one request. */
export type Handler = (request: BankRequest, response: ServerResponse) => Promise<void> | void

/** Sends JSON that no cache may keep. */
export function sendJson(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store', ...headers })
  response.end(JSON.stringify(body))
}

/** Sends a page with the headers every page of a bank has. */
export function sendPage(response: ServerResponse, status: number, page: Html): void {
  response.writeHead(status, pageHeaders)
  response.end(page.markup)
}

/**
 * The headers of every page of a bank. `form-action` is left out on purpose: Chromium applies it to the whole chain of
 * redirects after a form, so that naming the bank alone would keep the person from ever returning to the app.
 */
export const pageHeaders: Readonly<Record<string, string>> = {
  'content-type': 'text/html; charset=utf-8',
  'cache-control': 'no-store',
  'content-security-policy':
    "default-src 'none'; style-src 'self'; font-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
}

const longestBody = 1024 * 1024

/** A request body above one megabyte. */
export class BodyTooLarge extends Error {}

/** @throws BodyTooLarge */
export async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length > longestBody) throw new BodyTooLarge('The request body is larger than one megabyte.')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

/** The parameters of a query string and of a form or JSON body, by name. */
export function readParameters(
  query: URLSearchParams,
  contentType: string | undefined,
  body: Buffer,
): Record<string, string> {
  return { ...Object.fromEntries(query), ...bodyParameters(contentType ?? '', body.toString()) }
}

function bodyParameters(contentType: string, body: string): Record<string, string> {
  if (contentType.startsWith('application/x-www-form-urlencoded')) {
    return Object.fromEntries(new URLSearchParams(body))
  }
  return contentType.startsWith('application/json') ? jsonParameters(body) : {}
}

function jsonParameters(body: string): Record<string, string> {
  const value = parseJson(body)
  if (typeof value !== 'object' || value === null) return {}
  const text = (member: unknown) => (typeof member === 'string' ? member : JSON.stringify(member))
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, text(member)]))
}

/** Parses JSON; undefined when it is none. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}
