import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { root } from '../entries.js'

/**
 * One change of a source. Its text must be there exactly once.
 *
 * @typedef {object} Edit
 * @property {string} file Below src; one of the demo's, from `demo/` on; or `oauth4webapi`, for a check that it makes, too.
 * @property {string} text
 * @property {string} by What takes its place. Types are not looked at.
 *
 * A defence that is taken out, and the test that must notice it.
 *
 * @typedef {object} Removal
 * @property {string} name What is missing then.
 * @property {readonly number[]} attacks The attacks of docs/security.md that it stops.
 * @property {readonly Edit[]} edits Several where one check stands behind another: removed alone, neither would be missed.
 * @property {string} test The test file, below test.
 * @property {string} title The title of the test that turns red.
 */

/** @param {string} file */
const pathOf = (file) =>
  file === 'oauth4webapi'
    ? join(root, 'node_modules/oauth4webapi/build/index.js')
    : join(root, file.startsWith('demo/') ? '' : 'src', file)

/**
 * The sources of a removal, changed, by their paths.
 *
 * @param {Removal} removal
 * @returns {Promise<Map<string, string>>}
 */
export async function editsOf({ edits }) {
  /** @type {Map<string, string>} */
  const changed = new Map()
  for (const { file, text, by } of edits) {
    const path = pathOf(file)
    const source = changed.get(path) ?? (await readFile(path, 'utf8'))
    const count = source.split(text).length - 1
    if (count !== 1)
      throw new Error(`the text is ${count === 0 ? 'not' : `${String(count)} times`} in ${file}`)
    changed.set(
      path,
      source.replace(text, () => by),
    )
  }
  return changed
}
