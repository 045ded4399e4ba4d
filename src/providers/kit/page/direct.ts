import type { DirectSettings } from '../../../core/channel/direct-settings.js'
import { requestParameters, signatureAlgorithms } from '../../../protocol/option-tests.js'
import type { OptionForms } from '../../../protocol/options.js'
import { checkPreset } from './options.js'
import type { ProviderChannel } from '../../../core/provider.js'

const forms = {
  metadata: 'object',
  dpop: 'boolean',
  persistTokens: 'boolean',
  refresh: 'boolean',
  par: 'boolean',
  consentsToOfflineAccess: 'boolean',
  details: 'strings',
  parameters: requestParameters,
  origins: 'strings',
  bearerAliases: 'strings',
  idTokenAlgorithms: signatureAlgorithms,
  idToken: ['required', 'optional'],
} satisfies OptionForms<DirectSettings>

/**
 * This page is the client. The code, oauth4webapi included, is loaded when it is needed.
 *
 * @throws {TypeError} for a setting that is wrong, unknown or a secret.
 * @example
 * ```ts
 * import { direct } from 'countersign/providers'
 *
 * const channel = direct({ dpop: true, details: ['name'] })
 * ```
 */
export function direct(settings: DirectSettings = {}): ProviderChannel<'browser'> {
  checkPreset('direct', settings, forms)
  return directChannel(settings)
}

/** The channel of settings that have been checked. */
export const directChannel = (settings: DirectSettings): ProviderChannel<'browser'> => ({
  mode: 'browser',
  keepsTokens: settings.dpop === true || settings.persistTokens === true,
  settings,
  load: () => import('../../../core/channel/direct.js'),
})
