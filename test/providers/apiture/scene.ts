import { apiture as apitureBackend, type ApitureBackendOptions } from 'countersign/backend'
import { apiture, type ApitureMode, type ApitureOptions } from 'countersign/providers'
import { startApiture, type ApitureOptions as BankOptions } from '../../../demo/banks/apiture.js'
import { callbackOf, createScene, type SceneOptions } from '../scene.js'

export const redirectUri = callbackOf('apiture')

/** The scope of Apiture's guide, but for writing. */
export const scope = 'openid offline_access banking/read'

/** Opens the embedded bank on the Apiture platform. */
export const openBank = (options: Partial<BankOptions> = {}) =>
  startApiture({ redirectUris: [redirectUri], ...options })

export type TestBank = Awaited<ReturnType<typeof openBank>>

/** What differs from an ordinary app. */
export interface Setting extends Pick<SceneOptions<never>, 'secondsLater' | 'intercept'> {
  readonly mode?: ApitureMode
  readonly page?: Partial<ApitureOptions<ApitureMode>>
  readonly backend?: Partial<ApitureBackendOptions>
}

/** An app at the embedded bank. */
export function createApitureScene(bank: TestBank, setting: Setting = {}) {
  const { mode = 'browser', page, backend, ...more } = setting
  const { clientId, issuer, origin } = bank
  const api = `${origin}/banking/`
  const options = { clientId, issuer, scope, redirectUri, ...backend }
  return createScene({
    name: 'apiture',
    bank,
    provider: apiture<ApitureMode, string>({ clientId, issuer, scope, api, mode, ...page }),
    ...(mode === 'mediated' && { backend: apitureBackend(options) }),
    ...(mode === 'bff' && {
      backend: apitureBackend({
        ...options,
        mode,
        api,
        routes: [{ method: 'GET', path: '/accounts' }],
      }),
    }),
    ...more,
  })
}
