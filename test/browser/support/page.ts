import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'vite'
import { aliases, onLog, reactAliases } from '../../../scripts/vite-options.js'

const here = (path: string) => fileURLToPath(new URL(`../../../${path}`, import.meta.url))

/** How the page is built. */
export interface PageOptions {
  /** The React that renders it. @defaultValue the one that is installed as `react` */
  readonly react?: 'react-18'
}

/** A built page. */
export interface BuiltPage {
  /** The folder it is in. */
  readonly folder: string
  readonly remove: () => Promise<void>
}

/** Builds `demo/bench`: the demo's page with its client within reach. */
export async function buildBenchPage({ react }: PageOptions = {}): Promise<BuiltPage> {
  const folder = await mkdtemp(join(tmpdir(), 'countersign-bench-'))
  const { env } = process
  const { NODE_ENV = 'test' } = env
  // vitest has set it, and React would be the one for development, which renders everything twice.
  env['NODE_ENV'] = 'production'
  await build({
    configFile: false,
    logLevel: 'warn',
    root: here('demo/bench'),
    publicDir: here('demo/app/public'),
    resolve: { alias: [...aliases('source'), ...(react ? reactAliases(react) : [])] },
    build: {
      target: 'es2022',
      outDir: folder,
      emptyOutDir: true,
      modulePreload: { polyfill: false },
      rolldownOptions: { onLog },
    },
  })
  env['NODE_ENV'] = NODE_ENV
  return { folder, remove: () => rm(folder, { recursive: true }) }
}
