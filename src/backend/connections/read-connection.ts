import type { Context } from '../context.js'
import type { ConnectionRecord } from './record.js'

export const recordKey = (id: string): string => `connection:${id}`

/** The id of the connection under a key of the store; `undefined` for a key of anything else. */
export const connectionIdOf = (key: string): string | undefined => /^connection:(.+)$/.exec(key)?.[1]

/** A connection, whoever's it is; `undefined` where there is none. @throws {Refusal} where it cannot be read */
export const readConnection = ({ records }: Context, id: string): Promise<ConnectionRecord | undefined> =>
  records.read<ConnectionRecord>(recordKey(id))
