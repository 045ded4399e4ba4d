import { subjectKeyKey } from '../../src/core/records/keys.js'
import type { createBrowser } from './browser.js'

/** The name that stands for a user's id in the records of a browser; `unnamed` before there is a key for it. */
export async function subjectName(
  browser: Pick<ReturnType<typeof createBrowser>, 'records'>,
  subject: string,
): Promise<string> {
  const { key } = ((await browser.records()).get(subjectKeyKey) ?? {}) as { readonly key?: CryptoKey }
  if (!key) return 'unnamed'
  const mac = await crypto.subtle.sign('HMAC', key, new TextEncoder().encode(subject))
  return `hmac:${Buffer.from(mac).toString('base64url')}`
}
