// The app's document, wherever it comes from: the demo's server, or a service worker.
import { workerPolicy } from './app/fake/policy.js'
import type { Configuration } from './app/configuration.js'

/**
 * The headers of the page. The policy is what a bank's customer should insist on: scripts and styles of this origin
 * only, no injection sinks, requests to this origin and the providers' and nowhere else.
 *
 * @param options `startsWorker`: the page may start the service worker with the fake banks.
 */
export function pageHeaders(
  connectTo: readonly string[],
  { startsWorker = false } = {},
): Record<string, string> {
  const policy = [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "font-src 'self'",
    "img-src 'self'",
    `connect-src 'self' ${connectTo.join(' ')}`,
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    // No policy may be made that would turn text into a script.
    `trusted-types ${startsWorker ? workerPolicy : "'none'"}`,
  ]
  return {
    'content-security-policy': policy.join('; '),
    // The callback URL holds a code for a moment: it is in no Referer header.
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    'cross-origin-opener-policy': 'same-origin-allow-popups',
  }
}

/** The app's own pages; every other path is an address that does not exist. */
export const isPage = (path: string): boolean => /^\/(?:lab|code|callback\/\w+)?$/.test(path)

/** Says in the document which of its shells is shown until the scripts have come. */
export const withShell = (document: string, path: string): string =>
  path.startsWith('/callback/') ? document.replace('data-shell="home"', 'data-shell="callback"') : document

/** Writes the configuration into the document, as data. */
export function withConfiguration(document: string, configuration: Configuration): string {
  const data = JSON.stringify(configuration).replaceAll('<', '\\u003c')
  return document.replace(
    /(<script type="application\/json" id="configuration">)[^<]*(<\/script>)/,
    (_, open: string, close: string) => open + data + close,
  )
}

/** Has the document find its files from any path. @param base Where the app is: a path without a slash at its end. */
export const withBase = (document: string, base: string): string =>
  document.replace(/\b(href|src)="\.\//g, (_, name: string) => `${name}="${base}/`)
