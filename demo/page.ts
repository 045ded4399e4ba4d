import { readFile } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { extname, join, normalize } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Configuration } from './app/configuration.js'

/** Where the built page is. */
export const builtPage: string = fileURLToPath(new URL('dist', import.meta.url))

const types: Readonly<Record<string, string>> = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
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
    "img-src 'self'",
    `connect-src 'self' ${connectTo.join(' ')}`,
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
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
  try {
    const body = await readFile(join(folder, path))
    response
      .writeHead(200, {
        'content-type': type,
        'x-content-type-options': 'nosniff',
        'cache-control': 'no-cache',
      })
      .end(body)
    return true
  } catch {
    return false
  }
}

/** Writes the configuration into the document, as data. */
export function withConfiguration(document: string, configuration: Configuration): string {
  const data = JSON.stringify(configuration).replaceAll('<', '\\u003c')
  return document.replace(
    /(<script type="application\/json" id="configuration">)(<\/script>)/,
    (_, open: string, close: string) => open + data + close,
  )
}
