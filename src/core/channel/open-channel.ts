import { providerOf, type Context } from '../context.js'
import { loadModule } from '../load-module.js'
import type { Channel } from './channel.js'

/**
 * The channel of a provider, loaded on first use.
 *
 * @throws {NetworkError} when its code does not arrive; the next call tries again.
 * @throws {TypeError} when the client has no such provider.
 */
export async function openChannel(context: Context, name: string): Promise<Channel> {
  const { channels } = context
  let channel = channels.get(name)
  if (!channel) channels.set(name, (channel = load(context, name)))
  try {
    return await channel
  } catch (error) {
    channels.delete(name)
    throw error
  }
}

async function load(context: Context, name: string): Promise<Channel> {
  const provider = providerOf(context, name)
  const { createChannel } = await loadModule(provider.channel.load())
  return createChannel(context, name, provider)
}
