// One app, built for production by four bundlers, each as its users have it: from the package's `exports` and `sideEffects`.
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { gzipSync } from 'node:zlib'
import { nodeResolve } from '@rollup/plugin-node-resolve'
import * as esbuild from 'esbuild'
import { rollup } from 'rollup'
import { build as vite } from 'vite'
import webpack from 'webpack'
import { root } from './entries.js'

/**
 * @typedef {object} Bundle
 * @property {number} bytes All chunks that a page can load, gzip -9, React left out.
 * @property {string} code The same chunks.
 */

/** @typedef {(entry: string, out: string) => Promise<unknown>} Bundler Writes the chunks of an app into a folder. */

const react = ['react', 'react-dom', 'react/jsx-runtime', 'react-dom/client']

/** @type {Readonly<Record<string, Bundler>>} */
const bundlers = {
  async vite(entry, out) {
    await vite({
      configFile: false,
      logLevel: 'error',
      // Vite takes NODE_ENV from the environment where it is set, as vitest does.
      define: { 'process.env.NODE_ENV': '"production"' },
      build: {
        outDir: out,
        target: 'es2022',
        modulePreload: { polyfill: false },
        rolldownOptions: { input: entry, external: react },
      },
    })
  },
  async webpack(entry, out) {
    const compiler = webpack({
      mode: 'production',
      target: ['web', 'es2022'],
      entry,
      output: { path: out, module: true, chunkFormat: 'module', publicPath: '' },
      experiments: { outputModule: true },
      externals: react,
      externalsType: 'module',
      performance: false,
    })
    await new Promise((resolve, reject) => {
      compiler.run((error, stats) => {
        if (error ?? stats?.hasErrors()) reject(error ?? new Error(stats?.toString('errors-only')))
        else resolve(stats)
      })
    })
  },
  async esbuild(entry, out) {
    const { metafile, outputFiles } = await esbuild.build({
      entryPoints: [entry],
      outdir: out,
      bundle: true,
      splitting: true,
      format: 'esm',
      target: 'es2022',
      minify: true,
      external: react,
      metafile: true,
      write: false,
      absWorkingDir: root,
      logLevel: 'error',
    })
    // It also emits what only modules load that it has dropped. Nothing refers to it, so no page loads it.
    const reached = new Set([relative(root, join(out, 'app.js'))])
    for (const file of reached)
      for (const { path } of metafile.outputs[file]?.imports ?? []) reached.add(path)
    for (const { path, contents } of outputFiles)
      if (reached.has(relative(root, path))) await writeFile(path, contents)
  },
  async rollup(entry, out) {
    const bundle = await rollup({
      input: entry,
      external: react,
      plugins: [nodeResolve({ browser: true })],
      onwarn: () => undefined,
    })
    const { output } = await bundle.generate({ format: 'es' })
    await bundle.close()
    for (const chunk of output) {
      if (chunk.type !== 'chunk') continue
      const { code } = await esbuild.transform(chunk.code, { minify: true, format: 'esm', target: 'es2022' })
      await writeFile(join(out, chunk.fileName), code)
    }
  },
}

export const bundlerNames = Object.keys(bundlers)

/**
 * Builds an app of test/size by one bundler, against what `npm run build` left.
 *
 * @param {string} bundler One of {@link bundlerNames}.
 * @param {string} file Such as `backend.tsx`.
 * @returns {Promise<Bundle>}
 */
export async function bundleBy(bundler, file) {
  await mkdir(join(root, 'node_modules/.cache'), { recursive: true })
  const folder = await mkdtemp(join(root, 'node_modules/.cache/bundled-'))
  try {
    await mkdir(join(folder, 'node_modules'))
    await symlink(root, join(folder, 'node_modules/countersign'), 'dir')
    const source = await readFile(join(root, 'test/size', file), 'utf8')
    const { code } = await esbuild.transform(source, { loader: 'tsx', jsx: 'automatic' })
    const entry = join(folder, 'app.js')
    const out = join(folder, 'out')
    await writeFile(entry, code)
    await writeFile(join(folder, 'package.json'), '{ "type": "module" }')
    await mkdir(out)
    await bundlers[bundler]?.(entry, out)
    const names = (await readdir(out, { recursive: true })).filter((name) => name.endsWith('js'))
    const chunks = await Promise.all(names.map((name) => readFile(join(out, name), 'utf8')))
    return {
      bytes: chunks.reduce((sum, chunk) => sum + gzipSync(chunk, { level: 9 }).length, 0),
      code: chunks.join('\n'),
    }
  } finally {
    await rm(folder, { recursive: true })
  }
}
