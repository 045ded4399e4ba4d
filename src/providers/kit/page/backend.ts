import type { ProviderChannel } from '../../../core/provider.js'
import { checkOptions } from '../../../protocol/options.js'
import { modes } from './options.js'

/**
 * The app's backend is the client. An app whose presets use only this one never ships the other channel.
 *
 * @param mode `mediated`: access tokens reach the page. `bff`: none does.
 * @throws {TypeError} for another mode.
 * @example
 * ```ts
 * import { backend } from 'countersign/providers'
 *
 * const channel = backend('bff')
 * ```
 */
export function backend<M extends 'mediated' | 'bff'>(mode: M): ProviderChannel<M> {
  checkOptions('backend', { mode: (mode as string | undefined) ?? '' }, { mode: modes.slice(1) })
  return {
    mode,
    keepsTokens: false,
    load: () => import('../../../core/channel/backend.js'),
  }
}
