// The React Compiler over one file, for the tests: what it made of each component and hook, and the code.
import { transformSync } from '@babel/core'
import compiler from 'babel-plugin-react-compiler'
import { extname } from 'node:path'

/**
 * @typedef {object} Compiled
 * @property {string} code Types and JSX are still in it.
 * @property {string[]} compiled The names of the functions that were compiled.
 * @property {string[]} skipped What was left as it is, and why.
 */

/**
 * Compiles the components and hooks of a file.
 *
 * @param {string} code
 * @param {string} file
 * @returns {Compiled}
 */
export function compileReact(code, file) {
  /** @type {string[]} */
  const compiled = []
  /** @type {string[]} */
  const skipped = []
  /** @param {unknown} _file @param {import('babel-plugin-react-compiler').LoggerEvent} event */
  const logEvent = (_file, event) => {
    if (event.kind === 'CompileSuccess') compiled.push(event.fnName ?? '')
    else if (event.kind === 'CompileError') skipped.push(`${file}: ${event.detail.reason}`)
    else if (event.kind === 'CompileSkip') skipped.push(`${file}: ${event.reason}`)
    else if (event.kind === 'PipelineError') skipped.push(`${file}: ${event.data}`)
  }
  const result = transformSync(code, {
    filename: file,
    configFile: false,
    babelrc: false,
    sourceMaps: 'inline',
    parserOpts: { plugins: extname(file) === '.tsx' ? ['typescript', 'jsx'] : ['typescript'] },
    plugins: [[compiler, { logger: { logEvent } }]],
  })
  return { code: result?.code ?? code, compiled, skipped }
}

/**
 * Vite plugin: compiles the files whose path matches.
 *
 * @param {RegExp} files
 * @returns {import('vite').Plugin}
 */
export const reactCompiler = (files) => ({
  name: 'react-compiler',
  enforce: 'pre',
  transform: (code, id) => (files.test(id) ? compileReact(code, id).code : undefined),
})
