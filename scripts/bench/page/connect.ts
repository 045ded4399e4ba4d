import type { Page } from 'playwright-core'
import type { Left } from './click.js'
import { withoutNonce } from './servers.js'

/** Begins what a page says when it has a token. */
const mark = 'token at '

/** Brings a page back from the provider. Gives the milliseconds from the beginning of its load to a token that can be used. */
export async function connect(tab: Page, { url }: Left): Promise<number> {
  const { searchParams } = new URL(url)
  const response = new URLSearchParams({
    code: searchParams.get('nonce') ?? withoutNonce,
    state: searchParams.get('state') ?? '',
  })
  // The page tells it by itself: whatever looked would have it compile a script while it is timed.
  const token = tab.waitForEvent('console', (message) => message.text().startsWith(mark))
  await tab.goto(`${searchParams.get('redirect_uri') ?? ''}?${response.toString()}`)
  return Number((await token).text().slice(mark.length))
}
