// The demo's page. Built, it runs under
//   script-src 'self'; style-src 'self'; require-trusted-types-for 'script'
// hence no inline script, no data: URL, and React's refresh preamble in the dev server only.
import react from '@vitejs/plugin-react'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build, defineConfig, type Plugin } from 'vite'
import { aliases, onLog } from '../scripts/vite-options.js'
import { fontFile } from './banks/stylesheet.js'
import { themes } from './banks/themes.js'

const { resolve } = createRequire(import.meta.url)
const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))

/** The service worker of `?fake`, as one file: not every browser loads modules in a service worker. */
async function buildWorker(): Promise<string> {
  const result = await build({
    configFile: false,
    logLevel: 'warn',
    resolve: { alias: aliases('source') },
    build: {
      write: false,
      target: 'es2022',
      rolldownOptions: {
        // Vite's help for lazy chunks asks where its own module is. There is one file here, and no chunk.
        onLog: (level, log, handle) => {
          if (log.code !== 'EMPTY_IMPORT_META') onLog(level, log, handle)
        },
        input: here('fake/worker.ts'),
        output: { format: 'iife' },
      },
    },
  })
  const [output] = 'output' in result ? result.output : []
  if (!output) throw new Error('Vite made no service worker.')
  return output.code
}

const fakeWorker = (): Plugin => ({
  name: 'fake-worker',
  async generateBundle() {
    this.emitFile({ type: 'asset', fileName: 'fake-worker.js', source: await buildWorker() })
    for (const theme of Object.values(themes))
      this.emitFile({
        type: 'asset',
        fileName: `brand/${theme.brand}.woff2`,
        source: readFileSync(resolve(fontFile(theme))),
      })
  },
  writeBundle({ dir = '' }, bundle) {
    // A server of files knows no paths of the app: each that can be opened by its address is a folder there.
    const file = bundle['index.html']
    const document = file?.type === 'asset' ? String(file.source) : ''
    for (const page of ['lab', 'code']) {
      mkdirSync(join(dir, page), { recursive: true })
      writeFileSync(join(dir, page, 'index.html'), document.replaceAll('="./', '="../'))
    }
  },
  configureServer({ middlewares }) {
    middlewares.use('/fake-worker.js', (_request, response, next) => {
      buildWorker().then((code) => response.setHeader('content-type', 'text/javascript').end(code), next)
    })
  },
})

/** What of a build tells which modules a module imports. */
interface Modules {
  readonly getModuleInfo: (id: string) => { readonly importedIds: readonly string[] } | null
}

/**
 * Puts what the page needs at once into one file: on a slow network each of twenty small ones would take from the stylesheet,
 * without which nothing is drawn.
 */
function nameChunk(): (id: string, modules: Modules) => string | null {
  let needed: Set<string> | undefined
  const collect = (id: string, { getModuleInfo }: Modules, all = new Set<string>()): Set<string> => {
    if (all.has(id)) return all
    all.add(id)
    for (const one of getModuleInfo(id)?.importedIds ?? []) collect(one, { getModuleInfo }, all)
    return all
  }
  return (id, modules) => {
    needed ??= collect(here('app/main.tsx'), { getModuleInfo: (one) => modules.getModuleInfo(one) })
    return needed.has(id) ? 'app' : null
  }
}

/** The stylesheet before the scripts: it is what the first paint waits for. */
const stylesFirst = (): Plugin => ({
  name: 'styles-first',
  enforce: 'post',
  transformIndexHtml(document) {
    const sheets = document.match(/ *<link rel="stylesheet"[^>]*>\n/g) ?? []
    const without = sheets.reduce((before, sheet) => before.replace(sheet, ''), document)
    return without.replace(/ *<script type="module"/, (script) => sheets.join('') + script)
  },
})

export default defineConfig(({ command }) => ({
  root: here('app'),
  // The page finds its files wherever it is: `?fake` runs below any folder of any server.
  base: './',
  plugins: [...(command === 'serve' ? [react()] : []), fakeWorker(), stylesFirst()],
  resolve: { alias: aliases('source') },
  build: {
    target: 'es2022',
    outDir: here('dist'),
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      onLog,
      output: { codeSplitting: { groups: [{ name: nameChunk(), debugName: 'app' }] } },
    },
  },
}))
