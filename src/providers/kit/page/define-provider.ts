import type { Mode } from '../../../core/input.js'
import type { Provider } from '../../../core/provider.js'
import type { OptionForms } from '../../../protocol/options.js'
import { checkPreset, refuseUnused } from './options.js'

const forms = {
  label: 'string!',
  clientId: 'string!',
  scope: 'string!',
  authorizationEndpoint: 'url',
  issuer: 'issuer',
  requireIss: 'boolean',
  cancelsWithoutCode: 'boolean',
  narrowsScope: 'boolean',
  deniedErrors: 'strings',
  preparesRemotely: 'boolean',
  transactionSeconds: 'number',
  api: 'url',
  userinfo: 'boolean',
  userinfoEndpoint: 'url',
  isTokenRejected: 'function',
  isRepeatable: 'function',
  toInput: 'function',
  toInstitutionInput: 'function',
  toDetails: 'function',
  channel: 'object!',
} satisfies OptionForms<Provider>

/**
 * The modes in which members do something, where that is not all. In `browser` mode the authorization request has none of the app's input.
 * What `fetch` needs may stay in `bff` mode, whose `fetch` the backend carries out: then a change of the mode is one word.
 */
const usedIn = {
  userinfo: 'browser mediated',
  userinfoEndpoint: 'mediated',
  toInput: 'mediated bff',
  toInstitutionInput: 'mediated bff',
}

/**
 * A provider of your own, checked. `authorize()` and `connection.details` get their types from `toInput` and `toDetails`.
 *
 * @throws {TypeError} for a member that is missing, wrong, unknown, a secret, or without effect in the mode, and where the channel lacks an address.
 * @example
 * ```ts
 * import { backend, defineProvider } from 'countersign/providers'
 *
 * const bank = defineProvider({
 *   label: 'Example Bank',
 *   clientId: 'my-client',
 *   scope: 'openid accounts',
 *   authorizationEndpoint: 'https://bank.example/authorize',
 *   channel: backend('mediated'),
 *   toInput: ({ branch }: { branch: string }) => ({ branch }),
 * })
 * ```
 */
export function defineProvider<
  Input extends object = object,
  Details extends object = object,
  M extends Mode = Mode,
  U extends boolean = false,
>(provider: Provider<Input, Details, M, U>): Provider<Input, Details, M, U> {
  checkPreset('defineProvider', provider, forms)
  const { label, issuer, authorizationEndpoint, channel } = provider
  if (channel.mode === 'browser' && issuer === undefined)
    throw new TypeError(`${label}: in browser mode the page must know the server: give \`issuer\`.`)
  if (channel.mode !== 'browser' && authorizationEndpoint === undefined)
    throw new TypeError(
      `${label}: in ${channel.mode} mode the page must know where people are sent: give \`authorizationEndpoint\`.`,
    )
  refuseUnused('defineProvider', channel.mode, provider, usedIn)
  return provider
}
