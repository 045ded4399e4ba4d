import { chromium, type Browser } from 'playwright-core'
import { inject } from 'vitest'

/**
 * Launches the Chromium that the global setup found, headless and quiet on the network.
 *
 * Two of playwright's own switches are dropped because they would hide what is tested: with them there is no
 * back/forward cache, and every popup opens whether or not the person asked for it.
 */
export function launch({ oneProcess = false } = {}): Promise<Browser> {
  return chromium.launch({
    executablePath: inject('chromium'),
    headless: true,
    ignoreDefaultArgs: ['--disable-back-forward-cache', '--disable-popup-blocking'],
    args: [
      ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-gpu',
      '--disable-quic',
      '--disable-sync',
      '--no-first-run',
      ...(oneProcess ? ['--renderer-process-limit=1'] : []),
    ],
  })
}
