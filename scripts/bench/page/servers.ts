// The servers of the page's benchmark: one has the pages, the other is an authorization server that answers everybody.
import { randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { build } from 'vite'
import { aliases, onLog } from '../../vite-options.js'

/** The code of a request without a nonce. */
export const withoutNonce = 'none'

const listen = (handle: (request: IncomingMessage, response: ServerResponse) => void) =>
  new Promise<{ readonly origin: string; readonly close: () => void }>((resolve) => {
    const server = createServer(handle).listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo
      resolve({
        origin: `http://127.0.0.1:${port}`,
        close() {
          server.closeAllConnections()
          server.close()
        },
      })
    })
  })

/** The pages, built for production: a script and its chunks for each. */
export async function buildPages(): Promise<ReadonlyMap<string, string>> {
  const folder = fileURLToPath(new URL('../pages/', import.meta.url))
  const result = await build({
    configFile: false,
    logLevel: 'error',
    resolve: { alias: aliases('built') },
    build: {
      write: false,
      target: 'es2022',
      modulePreload: { polyfill: false },
      rolldownOptions: {
        onLog,
        input: {
          floor: `${folder}floor.ts`,
          'floor-react': `${folder}floor-react.tsx`,
          'oidc-client': `${folder}oidc-client.tsx`,
          countersign: `${folder}countersign.tsx`,
          scale: `${folder}scale.tsx`,
          'kept-floor': `${folder}kept-floor.ts`,
          'kept-oidc-client': `${folder}kept-oidc-client.tsx`,
          'kept-countersign': `${folder}kept-countersign.tsx`,
        },
        output: { entryFileNames: 'assets/[name].js' },
      },
    },
  })
  if (Array.isArray(result) || !('output' in result)) throw new Error('Vite returned no single build.')
  return new Map(
    result.output.flatMap((file) => (file.type === 'chunk' ? [[`/${file.fileName}`, file.code]] : [])),
  )
}

export function startApp(pages: ReadonlyMap<string, string>) {
  return listen(({ url = '/' }, response) => {
    const { pathname } = new URL(url, 'http://127.0.0.1')
    const script = pages.get(pathname)
    if (script !== undefined) {
      response
        .writeHead(200, { 'content-type': 'text/javascript', 'cache-control': 'max-age=3600' })
        .end(script)
      return
    }
    const [, name = ''] = pathname.split('/')
    const entry = `/assets/${name.replace('-discovers', '')}.js`
    const html = pages.has(entry)
      ? `<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><body><script type="module" src="${entry}"></script>`
      : ''
    response.writeHead(html ? 200 : 404, { 'content-type': 'text/html' }).end(html)
  })
}

export interface AuthorizationServer {
  readonly origin: string
  /** Seconds by which its clock is ahead, as those of the pages are when a token has expired. */
  aheadSeconds: number
  /** How many requests for a refresh have come. */
  readonly refreshes: () => number
  readonly close: () => void
}

/**
 * An authorization server that answers everybody. The code is what the ID Token needs to hold; the client `bench-kept` gets refresh
 * tokens, each of which may be used once.
 */
export async function startServer(latency: { milliseconds: number }): Promise<AuthorizationServer> {
  const { privateKey, publicKey } = await generateKeyPair('ES256')
  const live = new Set<string>()
  let refreshes = 0
  const issue = (): string => {
    const token: string = randomUUID()
    live.add(token)
    return token
  }
  const keys = [{ ...(await exportJWK(publicKey)), kid: 'one', alg: 'ES256', use: 'sig' }]
  const answer = async (origin: string, path: string, form: URLSearchParams): Promise<object> => {
    if (path === '/jwks') return { keys }
    if (path !== '/token')
      return {
        issuer: origin,
        authorization_endpoint: `${origin}/authorize`,
        token_endpoint: `${origin}/token`,
        jwks_uri: `${origin}/jwks`,
        code_challenge_methods_supported: ['S256'],
      }
    const nonce = form.get('code')
    const refreshToken = form.get('refresh_token')
    if (refreshToken !== null) {
      refreshes += 1
      // Each may be used once.
      if (!live.delete(refreshToken)) return { error: 'invalid_grant' }
    }
    const clientId = form.get('client_id') ?? ''
    const now = Math.floor(Date.now() / 1000) + server.aheadSeconds
    const idToken = await new SignJWT(nonce === null || nonce === withoutNonce ? {} : { nonce })
      .setProtectedHeader({ alg: 'ES256', kid: 'one' })
      .setIssuer(origin)
      .setAudience(clientId)
      .setSubject('person')
      .setIssuedAt(now)
      .setExpirationTime(now + 300)
      .sign(privateKey)
    return {
      access_token: randomUUID(),
      token_type: 'Bearer',
      expires_in: 300,
      scope: 'openid accounts',
      id_token: idToken,
      ...(clientId === 'bench-kept' && { refresh_token: issue() }),
    }
  }
  const listening = await listen((request, response) => {
    const origin = `http://${request.headers.host ?? ''}`
    const { pathname } = new URL(request.url ?? '/', origin)
    let body = ''
    request.on('data', (chunk: Buffer) => (body += chunk.toString()))
    request.on('end', () => {
      setTimeout(() => {
        const headers = {
          'access-control-allow-origin': request.headers.origin ?? '*',
          'access-control-allow-headers': '*',
          'content-type': 'application/json',
        }
        void answer(origin, pathname, new URLSearchParams(body)).then((document) => {
          response.writeHead('error' in document ? 400 : 200, headers).end(JSON.stringify(document))
        })
      }, latency.milliseconds)
    })
  })
  const server: AuthorizationServer = { ...listening, aheadSeconds: 0, refreshes: () => refreshes }
  return server
}
