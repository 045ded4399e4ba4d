import type { ChannelModule } from '../../../core/channel/channel.js'

/** This page is the client: loads oauth4webapi when it is needed. */
export const direct = (): Promise<ChannelModule> => import('../../../core/channel/direct.js')

/** The app's backend is the client. An app whose presets name only this one never ships the other. */
export const backend = (): Promise<ChannelModule> => import('../../../core/channel/backend.js')
