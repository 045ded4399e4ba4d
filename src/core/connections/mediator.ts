import type { Context } from '../context.js'

/** The name of a provider by which the backend can be asked for its list; `undefined` where there is no backend. */
export const mediatorOf = ({ providers }: Pick<Context, 'providers'>): string | undefined =>
  Object.keys(providers).find((name) => providers[name]?.channel.mode !== 'browser')
