import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { extname, join, normalize } from 'node:path'
import { fileURLToPath } from 'node:url'
import { brotliCompressSync, constants } from 'node:zlib'
import type { Configuration } from './app/configuration.js'

/** Where the built page is. */
export const builtPage: string = fileURLToPath(new URL('dist', import.meta.url))

const types: Readonly<Record<string, string>> = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
}

/**
 * The headers of the page. The policy is what a bank's customer should insist on: scripts and styles of this origin
 * only, no injection sinks, requests to this origin and the providers' and nowhere else.
 */
export function pageHeaders(connectTo: readonly string[]): Record<string, string> {
  const policy = [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "font-src 'self'",
    "img-src 'self'",
    `connect-src 'self' ${connectTo.join(' ')}`,
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    // No policy may be made that would turn text into a script.
    "trusted-types 'none'",
  ]
  return {
    'content-security-policy': policy.join('; '),
    // The callback URL holds a code for a moment: it is in no Referer header.
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    'cross-origin-opener-policy': 'same-origin-allow-popups',
  }
}

/** Where the page comes from: what was built, or the development server. */
export interface PageSource {
  /** The document, without its configuration. */
  readonly document: (path: string) => Promise<string>
  /** Serves a file of the page. False when there is none of this name. */
  readonly serve: (request: IncomingMessage, response: ServerResponse) => Promise<boolean>
  readonly close: () => Promise<void>
}

/** The page that `npm run build:demo` has left in a folder. */
export function openBuiltPage(folder: string): PageSource {
  return {
    document: () => readFile(join(folder, 'index.html'), 'utf8'),
    serve: (request, response) => serveFile(folder, request, response),
    close: () => Promise.resolve(),
  }
}

async function serveFile(
  folder: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<boolean> {
  const path = normalize(new URL(request.url ?? '/', 'http://localhost').pathname)
  const type = types[extname(path)]
  if (!type) return false
  const body = await readFile(join(folder, path)).catch(() => undefined)
  if (!body) return false
  // Vite names what it makes after its content.
  const lasting = path.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache'
  sendCompressed(request, response, 200, body, {
    'content-type': type,
    'x-content-type-options': 'nosniff',
    'cache-control': lasting,
  })
  return true
}

const compressed = new Map<string, Buffer>()

/** Sends a body, with Brotli where the browser takes it: a page on a slow network waits for little else. */
export function sendCompressed(
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  body: Buffer,
  headers: Readonly<Record<string, string>>,
): void {
  const all = { ...headers, vary: 'Accept-Encoding' }
  const takesBrotli = /\bbr\b/.test([request.headers['accept-encoding']].flat().join())
  if (!takesBrotli || headers['content-type'] === types['.woff2']) {
    response.writeHead(status, all).end(body)
    return
  }
  const key = createHash('sha256').update(body).digest('base64')
  const small =
    compressed.get(key) ?? brotliCompressSync(body, { params: { [constants.BROTLI_PARAM_QUALITY]: 7 } })
  compressed.set(key, small)
  response.writeHead(status, { ...all, 'content-encoding': 'br' }).end(small)
}

/** The app's own pages; every other path is an address that does not exist. */
export const isPage = (path: string): boolean => /^\/(?:lab|code|callback\/\w+)?$/.test(path)

/** Says in the document which of its shells is shown until the scripts have come. */
export const withShell = (document: string, path: string): string =>
  path.startsWith('/callback/') ? document.replace('data-shell="home"', 'data-shell="callback"') : document

/** Writes the configuration into the document, as data. */
export function withConfiguration(document: string, configuration: Configuration): string {
  const data = JSON.stringify(configuration).replaceAll('<', '\\u003c')
  return document.replace(
    /(<script type="application\/json" id="configuration">)(<\/script>)/,
    (_, open: string, close: string) => open + data + close,
  )
}
