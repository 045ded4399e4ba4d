import type { Platform } from '../platform/platform.js'
import type { ClientOptions } from './configuration.js'
import type { Context } from './context.js'
import { createHeldTokens } from './held-tokens.js'

/** Parts of the context that the client provides beside its options. */
export type ContextParts = Pick<Context, 'subject' | 'restart' | 'requireSignIn' | 'follow'> & {
  readonly platform: Platform
}

/** Wires what the parts of one client share. */
export const createContext = (options: ClientOptions, parts: ContextParts): Context => ({
  ...parts,
  providers: options.providers,
  backend: options.backend,
  redirectUri: (name) =>
    options.redirectUri?.(name) ??
    new URL(`${options.basePath ?? ''}/callback/${name}`, parts.platform.navigation.url()).href,
  tokens: createHeldTokens(),
  channels: new Map(),
  emit(type, id, detail) {
    options.onEvent?.({ type, id, at: parts.platform.clock.now(), ...(detail !== undefined && { detail }) })
  },
})
