import type { ProviderChannel } from '../../../core/provider.js'

/**
 * The app's backend is the client. An app whose presets use only this one never ships the other channel.
 *
 * @param mode `mediated`: access tokens reach the page. `bff`: none does.
 * @example
 * ```ts
 * import { backend } from 'countersign/providers'
 *
 * const channel = backend('bff')
 * ```
 */
export const backend = <M extends 'mediated' | 'bff'>(mode: M): ProviderChannel<M> => ({
  mode,
  keepsTokens: false,
  load: () => import('../../../core/channel/backend.js'),
})
