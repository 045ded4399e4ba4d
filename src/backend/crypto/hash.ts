import { sha256 as webSha256 } from '../../protocol/digest.js'
import { nodeCrypto } from './node-crypto.js'

/** SHA-256 of a string, as 43 base64url characters. */
export const sha256 = (value: string): Promise<string> | string =>
  nodeCrypto ? nodeCrypto.createHash('sha256').update(value).digest('base64url') : webSha256(value)
