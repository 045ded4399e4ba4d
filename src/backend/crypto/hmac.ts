import { encodeBase64url } from '../../protocol/base64url.js'
import { nodeCrypto } from './node-crypto.js'

/** HMAC-SHA-256 of a string, as 43 base64url characters. */
export type Hmac = (text: string) => Promise<string> | string

/** @see https://www.rfc-editor.org/rfc/rfc2104.html */
export function createHmac(secret: Uint8Array<ArrayBuffer>): Hmac {
  const node = nodeCrypto
  return node
    ? (text) => node.createHmac('sha256', secret).update(text).digest('base64url')
    : createWebHmac(secret)
}

export function createWebHmac(secret: Uint8Array<ArrayBuffer>): Hmac {
  const algorithm = { name: 'HMAC', hash: 'SHA-256' }
  const imported = crypto.subtle.importKey('raw', secret, algorithm, false, ['sign'])
  return async (text) => {
    const signature = await crypto.subtle.sign('HMAC', await imported, new TextEncoder().encode(text))
    return encodeBase64url(new Uint8Array(signature))
  }
}
