import type { DirectSettings } from '../../../core/channel/direct-settings.js'
import type { ProviderChannel } from '../../../core/provider.js'

/** This page is the client. The code, oauth4webapi included, is loaded when it is needed. */
export const direct = (settings: DirectSettings): ProviderChannel<'browser'> => ({
  mode: 'browser',
  keepsTokens: settings.dpop === true || settings.persistTokens === true,
  settings,
  load: () => import('../../../core/channel/direct.js'),
})
