import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { extname, join, normalize } from 'node:path'
import { fileURLToPath } from 'node:url'
import { brotliCompressSync, constants } from 'node:zlib'
import { withBase } from './document.js'

/** Where the built page is. */
export const builtPage: string = fileURLToPath(new URL('dist', import.meta.url))

const types: Readonly<Record<string, string>> = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
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
    // The app's own server is at the root of its origin.
    document: async () => withBase(await readFile(join(folder, 'index.html'), 'utf8'), ''),
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
