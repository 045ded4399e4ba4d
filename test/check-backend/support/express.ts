import { createServer, type RequestListener } from 'node:http'
import { pathToFileURL } from 'node:url'
import { settingsOf, type CheckOptions } from '../../../src/check-backend/options.js'
import { app } from './app.js'
import { listen, type Listening } from './reference.js'

/** Exports of the example's modules. */
interface Example {
  readonly createApp: (options: object) => RequestListener
  readonly oauthProvider: (settings: object) => object
}

/** The folder of the example as it is published. */
export const exampleFolder = `${import.meta.dirname}/../../../examples/express`

/** The Express example, or a changed copy of it, with the scripted provider in both modes. */
export async function startExpress(
  check: Pick<CheckOptions, 'providerPort' | 'redirectUri'>,
  folder = exampleFolder,
  changes: object = {},
): Promise<Listening> {
  const load = (file: string): Promise<Example> =>
    import(/* @vite-ignore */ pathToFileURL(`${folder}/${file}`).href) as Promise<Example>
  const { createApp } = await load('app.js')
  const { oauthProvider } = await load('provider.js')
  const provider = (name: string, mode: string): object => {
    const settings = settingsOf(check, name)
    return oauthProvider({
      mode,
      issuer: settings.issuer,
      authorizationEndpoint: settings.authorization_endpoint,
      tokenEndpoint: settings.token_endpoint,
      revocationEndpoint: settings.revocation_endpoint,
      clientId: 'check-client',
      clientSecret: `${crypto.randomUUID()}+&%`,
      redirectUri: settings.redirect_uri,
      scope: settings.scope,
      api: settings.api,
      resources: [
        { method: 'GET', path: 'accounts', query: ['limit'] },
        { method: 'GET', path: 'accounts/{accountId}' },
        { method: 'GET', path: '{customerId}/transactions' },
        { method: 'POST', path: 'payments' },
      ],
    })
  }
  const listener = createApp({
    origins: [app],
    perMinute: Infinity,
    session: (request: { get: (name: string) => string | undefined }) =>
      /\bsession=(\w+)/.exec(request.get('cookie') ?? '')?.[1],
    providers: { check: provider('check', 'mediated'), 'check-bff': provider('check-bff', 'bff') },
    ...changes,
  })
  return listen(createServer(listener))
}
