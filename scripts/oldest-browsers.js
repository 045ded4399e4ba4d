// The oldest browsers in which a page can connect, and what MDN's data say that they do not have: for the linter, and for the
// test that takes all of it away. README.md names the same versions.
import { createRequire } from 'node:module'

/** @typedef {import('@mdn/browser-compat-data').Identifier | import('@mdn/browser-compat-data').CompatStatement} Feature */

/** @type {import('@mdn/browser-compat-data').CompatData} */
const data = createRequire(import.meta.url)('@mdn/browser-compat-data')

/** Versions by MDN's name of the browser. */
export const oldestBrowsers = /** @type {const} */ ({
  chrome: '98',
  firefox: '97',
  safari: '15.4',
  safari_ios: '15.4',
})

/** @param {Feature} feature */
function isTooNew(feature) {
  const support = '__compat' in feature ? feature.__compat.support : undefined
  return (
    support !== undefined &&
    Object.entries(oldestBrowsers).some(([browser, oldest]) => {
      const statements = [support[/** @type {keyof typeof oldestBrowsers} */ (browser)] ?? []].flat()
      const whole = statements.filter(
        ({ flags, prefix, alternative_name, version_removed }) =>
          !flags && !prefix && !alternative_name && !version_removed,
      )
      return !whole.some(({ version_added }) => isAtMost(version_added, oldest))
    })
  )
}

/**
 * @param {unknown} version
 * @param {string} oldest
 */
function isAtMost(version, oldest) {
  if (typeof version !== 'string') return false
  const number = version.replace('≤', '')
  return Number.isFinite(Number(number)) && Number(number) <= Number(oldest)
}

const interfaces = Object.entries({ ...data.api, ...data.javascript['builtins'] })

/** Members of an interface. @param {Feature} feature */
const membersOf = (feature) =>
  /** @type {[string, Feature][]} */ (Object.entries(feature))
    .filter(([name]) => /^[a-z]\w*$/.test(name) && !name.endsWith('_event'))
    .map(([name, member]) => ({
      name: name.replace(/_static$/, ''),
      isStatic: name.endsWith('_static'),
      member,
    }))

/** Globals that one of the oldest browsers does not have. */
export const globalsTooNew = interfaces.filter(([, feature]) => isTooNew(feature)).map(([name]) => name)

/** Members, static or not, that one of them does not have, such as `URL.canParse`. */
export const membersTooNew = interfaces.flatMap(([object, feature]) =>
  membersOf(feature)
    .filter(({ member }) => isTooNew(member))
    .map(({ name, isStatic }) => ({ object, property: name, isStatic })),
)

const known = new Set(
  interfaces.flatMap(([, feature]) =>
    membersOf(feature)
      .filter(({ member }) => !isTooNew(member))
      .map(({ name }) => name),
  ),
)

/** Interfaces whose methods the linter knows by their names alone: it does not see what object they are called on. */
const everyday =
  /^(?:Array|String|TypedArray|Uint8Array|Map|Set|Promise|RegExp|AbortSignal|Headers|Request|Response|ReadableStream|URL|URLSearchParams|Crypto|SubtleCrypto|IDB\w+)$/

/** Names of their members that are too new, and that no other interface has had for longer. */
export const namesTooNew = [
  ...new Set(membersTooNew.filter(({ object }) => everyday.test(object)).map(({ property }) => property)),
].filter((name) => !known.has(name))
