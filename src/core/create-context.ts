import type { Platform } from '../platform/platform.js'
import type { Channel } from './channel/channel.js'
import { type ClientOptions, resolveBackend } from './configuration.js'
import { providerOf, type Context } from './context.js'
import { createHeldTokens } from './held-tokens.js'
import { loadModule } from './load-module.js'
import { remember } from './remember.js'

/** What {@link createContext} takes beside the options. */
export interface ContextParts extends Pick<Context, 'subject' | 'restart' | 'requireSignIn' | 'follow'> {
  readonly platform: Platform
  readonly onServer: boolean
}

/** Wires what the parts of one client share. */
export function createContext(
  options: ClientOptions,
  { platform, onServer, ...parts }: ContextParts,
): Context {
  const channels = new Map<string, Promise<Channel>>()
  const context: Context = {
    ...parts,
    platform,
    providers: options.providers,
    backend: onServer ? undefined : resolveBackend(options.backend, platform),
    redirectUri: (name) =>
      options.redirectUri?.(name) ?? new URL(`/callback/${name}`, platform.navigation.url()).href,
    tokens: createHeldTokens(),
    emit(type, id, detail) {
      options.onEvent?.({ type, id, at: platform.clock.now(), ...(detail !== undefined && { detail }) })
    },
    channel: async (name) => {
      try {
        return await remember(channels, name, () => loadChannel(context, name))
      } catch (error) {
        channels.delete(name)
        throw error
      }
    },
  }
  return context
}

async function loadChannel(context: Context, name: string): Promise<Channel> {
  const provider = providerOf(context, name)
  const createChannel = await loadModule(provider.channel.load())
  return createChannel(context, name, provider)
}
