import { readFile } from 'node:fs/promises'
import { extname, join, normalize } from 'node:path'
import { builtPage } from './page.js'
import { listen, type Listening } from './server.js'

const types: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
}

/** Where a {@link serveStatic} takes its files from. */
export interface StaticOptions {
  /** @defaultValue 0, a free one */
  readonly port?: number
  /** @defaultValue what `npm run build:demo` has left in `demo/dist` */
  readonly folder?: string
  /** The path below which the files are, without a slash at its end. @defaultValue none: the root */
  readonly basePath?: string
  /** Called with the method and path of each request. */
  readonly onRequest?: (method: string, path: string) => void
}

/**
 * Serves the built page as any host of files does, and knows nothing of the demo: a service worker plays the app's server and
 * its banks.
 *
 * @throws {Error} a sentence when the port is taken
 */
export function serveStatic(options: StaticOptions = {}): Promise<Listening> {
  const { port = 0, folder = builtPage, basePath = '', onRequest } = options

  async function read(path: string): Promise<Buffer | undefined> {
    if (!path.startsWith(`${basePath}/`)) return undefined
    return readFile(join(folder, normalize(path.slice(basePath.length)))).catch(() => undefined)
  }

  return listen((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost')
    onRequest?.(request.method ?? '', pathname)
    const file = pathname.endsWith('/') ? `${pathname}index.html` : pathname
    void read(file).then((body) => {
      if (!body) {
        response.writeHead(404, { 'content-type': 'text/plain; charset=utf-8' }).end('There is no such file.')
        return
      }
      response.setHeader('content-type', types[extname(file)] ?? 'application/octet-stream')
      response.end(body)
    })
  }, port)
}
