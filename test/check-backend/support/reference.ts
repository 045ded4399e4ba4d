import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createBackend, memoryStore, oidc, type ProviderInstitutions } from '../../../src/backend/index.js'
import { remoteAddress, toNodeListener } from '../../../src/backend/node/listener.js'
import { settingsOf, type CheckOptions, type ProviderSettings } from '../../../src/check-backend/options.js'
import { app } from './app.js'

/** A backend that listens. */
export interface Listening {
  readonly baseUrl: string
  readonly close: () => Promise<void>
}

const providerOf = ({ mode, issuer, redirect_uri, scope, api, resources }: ProviderSettings) =>
  oidc({
    mode,
    issuer,
    clientId: 'check-client',
    clientSecret: `${crypto.randomUUID()}+&%`,
    redirectUri: redirect_uri,
    scope,
    ...(mode === 'bff' && { api, routes: resources }),
  })

/** More than fit on a page. */
const institutions: ProviderInstitutions = {
  logoOrigins: ['https://logos.example'],
  read: () =>
    Promise.resolve(
      Array.from({ length: 120 }, (_, index) => {
        const id = String(index)
        return { id, name: `Bank ${id}`, logo: `https://logos.example/${id}@2x.svg` }
      }),
    ),
}

/** The reference backend with the scripted provider in all roles. `carried`: transactions travel in sealed handles. */
export async function startReference(
  check: Pick<CheckOptions, 'providers' | 'providerPort' | 'redirectUri'>,
  {
    carried = false,
    cors = false,
    rateLimit = false,
  }: { carried?: boolean; cors?: boolean; rateLimit?: boolean } = {},
): Promise<Listening> {
  const backend = createBackend({
    origins: [app],
    cors,
    store: memoryStore(),
    ...(carried && { keys: [Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString('base64url')] }),
    ...(rateLimit ? { clientAddress: remoteAddress } : { rateLimit: 'off' as const }),
    session: ({ headers }) => {
      const subject = /\bsession=(\w+)/.exec(headers.get('cookie') ?? '')?.[1]
      return subject === undefined ? null : { subject }
    },
    providers: {
      check: providerOf(settingsOf(check, 'mediated')),
      'check-bff': { ...providerOf(settingsOf(check, 'bff')), institutions },
      'check-openid': providerOf(settingsOf(check, 'openid')),
    },
  })
  await backend.ready
  return listen(createServer(toNodeListener(backend)))
}

/** Serves the contract below /connect on a free port of loopback. */
export async function listen(server: Server): Promise<Listening> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    baseUrl: `http://127.0.0.1:${port}/connect`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
