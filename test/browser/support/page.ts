import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build, type InlineConfig } from 'vite'
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

/** Builds `demo/app` as `npm run demo` does, but into a folder that nobody else builds into at the same time. */
export const buildDemoPage = (): Promise<BuiltPage> => buildPage({ configFile: here('demo/vite.config.ts') })

/** Builds `demo/bench`: the demo's page with its client within reach. */
export const buildBenchPage = ({ react }: PageOptions = {}): Promise<BuiltPage> =>
  buildPage({
    configFile: false,
    root: here('demo/bench'),
    publicDir: here('demo/app/public'),
    resolve: { alias: [...aliases('source'), ...(react ? reactAliases(react) : [])] },
    build: { target: 'es2022', modulePreload: { polyfill: false }, rolldownOptions: { onLog } },
  })

async function buildPage(config: InlineConfig): Promise<BuiltPage> {
  const folder = await mkdtemp(join(tmpdir(), 'countersign-page-'))
  const { env } = process
  const { NODE_ENV = 'test' } = env
  // vitest has set it, and React would be the one for development, which renders everything twice.
  env['NODE_ENV'] = 'production'
  try {
    await build({
      logLevel: 'warn',
      ...config,
      build: { ...config.build, outDir: folder, emptyOutDir: true },
    })
  } finally {
    env['NODE_ENV'] = NODE_ENV
  }
  return { folder, remove: () => rm(folder, { recursive: true }) }
}
