import type { ClientOptions } from '../../core/index.js'

/** The browser as the client sees it. */
export type Platform = NonNullable<ClientOptions['platform']>
