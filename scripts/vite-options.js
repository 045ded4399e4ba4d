import { entries } from './entries.js'

/**
 * Aliases from the public names to `source` or `built` files.
 *
 * @param {'source' | 'built'} kind
 */
export const aliases = (kind) =>
  entries.map((entry) => ({ find: new RegExp(`^${entry.specifier}$`), replacement: entry[kind] }))

/**
 * Aliases from `react` and `react-dom`, with everything below them, to the packages of another version.
 *
 * @param {'react-18'} name
 */
export const reactAliases = (name) => [
  { find: /^react(?=\/|$)/, replacement: name },
  { find: /^react-dom(?=\/|$)/, replacement: name.replace('react', 'react-dom') },
]

/**
 * Leaves out the warning that 'use client' may get lost. In the library it does not, since every module stays a
 * file of its own (test/package checks it); in an app it has no meaning.
 *
 * @type {NonNullable<import('vite').Rolldown.InputOptions['onLog']>}
 */
export const onLog = (level, log, handle) => {
  if (log.code !== 'MODULE_LEVEL_DIRECTIVE') handle(level, log)
}
