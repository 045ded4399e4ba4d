import { createServer, type RequestListener } from 'node:http'
import { pathToFileURL } from 'node:url'
import { settingsOf, type CheckOptions, type Role } from '../../../src/check-backend/options.js'
import { app } from './app.js'
import { listen, type Listening } from './reference.js'

/** Exports of the example's modules. */
interface Example {
  readonly createApp: (options: object) => RequestListener
  readonly oauthProvider: (settings: object) => object
}

/** The folder of the example as it is published. */
export const exampleFolder = `${import.meta.dirname}/../../../examples/express`

/** The Express example, or a changed copy of it, with the scripted provider in all roles. */
export async function startExpress(
  check: Pick<CheckOptions, 'providers' | 'providerPort' | 'redirectUri'>,
  folder = exampleFolder,
  changes: object = {},
): Promise<Listening> {
  const load = (file: string): Promise<Example> =>
    import(/* @vite-ignore */ pathToFileURL(`${folder}/${file}`).href) as Promise<Example>
  const { createApp } = await load('app.js')
  const { oauthProvider } = await load('provider.js')
  const provider = (role: Role): object => {
    const settings = settingsOf(check, role)
    return oauthProvider({
      mode: settings.mode,
      issuer: settings.issuer,
      authorizationEndpoint: settings.authorization_endpoint,
      tokenEndpoint: settings.token_endpoint,
      revocationEndpoint: settings.revocation_endpoint,
      jwksUri: settings.jwks_uri,
      clientId: 'check-client',
      clientSecret: `${crypto.randomUUID()}+&%`,
      redirectUri: settings.redirect_uri,
      scope: settings.scope,
      api: settings.api,
      resources: settingsOf(check, 'bff').resources.map((route) => ({ ...route, path: route.path.slice(1) })),
    })
  }
  const listener = createApp({
    origins: [app],
    perMinute: Infinity,
    session: (request: { get: (name: string) => string | undefined }) =>
      /\bsession=(\w+)/.exec(request.get('cookie') ?? '')?.[1],
    providers: {
      check: provider('mediated'),
      'check-bff': provider('bff'),
      'check-openid': provider('openid'),
    },
    ...changes,
  })
  return listen(createServer(listener))
}
