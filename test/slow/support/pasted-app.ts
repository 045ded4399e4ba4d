import { execFile, spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { vi } from 'vitest'
import { root } from '../../../scripts/entries.js'

const run = promisify(execFile)

/** A Vite app in a folder of its own, with what the README says pasted into it. */
export interface PastedApp {
  /** The files that the README names, such as `src/bank.ts`. */
  readonly pasted: readonly string[]
  /** Runs a command of the app to its end. @throws {Error} with its output, when it fails */
  run(command: string, ...args: string[]): Promise<void>
  /** Starts a command of the app. Resolves once it answers at `url`; it ends with the app. */
  serve(url: string, env: Readonly<Record<string, string>>, command: string, ...args: string[]): Promise<void>
  /** Ends what was started, and removes the folder. */
  close(): Promise<void>
}

/** Packs the library as `npm run build` left it, and installs it into a new app. */
export async function createPastedApp(): Promise<PastedApp> {
  if (!existsSync(join(root, 'dist/index.js')))
    throw new Error('There is no dist: run `npm run build` first.')
  const folder = await mkdtemp(join(tmpdir(), 'countersign-app-'))
  const stops: (() => Promise<void>)[] = []
  await run('npm', ['pack', '--ignore-scripts', '--pack-destination', folder], { cwd: root, env: plain })
  const pasted = examplesOfReadme()
  const files = { ...template, ...pasted }
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true })
    await writeFile(join(folder, name), text)
  }
  await run('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline'], { cwd: folder, env: plain })

  return {
    pasted: Object.keys(pasted),
    async run(command, ...args) {
      await run('npx', ['--no-install', command, ...args], { cwd: folder, env: plain }).catch(
        (error: unknown) => {
          const { stdout = '', stderr = '' } = error as { readonly stdout?: string; readonly stderr?: string }
          throw new Error(`${command} failed:\n${stdout}${stderr}`)
        },
      )
    },
    async serve(url, env, command, ...args) {
      await refuseTaken(url)
      const child = spawn(join(folder, 'node_modules/.bin', command), args, {
        cwd: folder,
        env: { ...plain, ...env },
        stdio: ['ignore', 'pipe', 'pipe'],
      })
      let output = ''
      for (const stream of [child.stdout, child.stderr]) {
        stream.on('data', (chunk: Buffer) => (output += String(chunk)))
      }
      const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
      stops.push(async () => {
        child.kill()
        await ended
      })
      await Promise.race([
        vi.waitFor(() => fetch(url), { timeout: 60_000, interval: 100 }),
        ended.then(() => {
          throw new Error(`${command} has ended:\n${output}`)
        }),
      ])
    },
    async close() {
      await Promise.all(stops.map((stop) => stop()))
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** The README's examples that name a file, unchanged. */
function examplesOfReadme(): Readonly<Record<string, string>> {
  const readme = readFileSync(join(root, 'README.md'), 'utf8')
  const blocks = [...readme.matchAll(/^```tsx?\n(\/\/ ([\w./-]+\.tsx?)\n[^]*?)^```/gm)]
  return Object.fromEntries(blocks.map(([, text = '', name = '']) => [name, text]))
}

/** The environment without what vitest has set: React would be another build, and Vite in another mode. */
const plain = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !/^(?:NODE_ENV|NODE_OPTIONS|VITE|VITEST|npm_)/.test(name)),
)

const { name, version, devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  readonly name: string
  readonly version: string
  readonly devDependencies: Readonly<Record<string, string>>
}

/** What the app installs beside the library, in the versions that the library is developed with. */
const packages = [
  '@eslint/js',
  '@types/node',
  '@types/react',
  '@types/react-dom',
  '@vitejs/plugin-react',
  'eslint',
  'eslint-plugin-react-hooks',
  'eslint-plugin-react-refresh',
  'react',
  'react-dom',
  'react-router',
  'tsx',
  'typescript',
  'typescript-eslint',
  'vite',
]

/** What `npm create vite` makes with React and TypeScript, as far as it matters here, and linted with types. */
const template: Readonly<Record<string, string>> = {
  'package.json': JSON.stringify({
    name: 'app',
    private: true,
    type: 'module',
    dependencies: {
      [name]: `file:./${name}-${version}.tgz`,
      ...Object.fromEntries(packages.map((each) => [each, devDependencies[each]])),
    },
  }),
  'index.html': `<!doctype html>
<html lang="en">
  <head><meta charset="UTF-8" /><title>app</title></head>
  <body><div id="root"></div><script type="module" src="/src/main.tsx"></script></body>
</html>
`,
  'tsconfig.json': JSON.stringify({
    compilerOptions: {
      target: 'ES2023',
      lib: ['ES2023', 'DOM', 'DOM.Iterable'],
      module: 'ESNext',
      moduleResolution: 'bundler',
      moduleDetection: 'force',
      jsx: 'react-jsx',
      types: ['vite/client', 'node'],
      skipLibCheck: true,
      allowImportingTsExtensions: true,
      verbatimModuleSyntax: true,
      noEmit: true,
      strict: true,
      noUnusedLocals: true,
      noUnusedParameters: true,
      erasableSyntaxOnly: true,
      noFallthroughCasesInSwitch: true,
      noUncheckedSideEffectImports: true,
    },
    include: ['src', 'server.ts', 'vite.config.ts'],
  }),
  'eslint.config.js': `import js from '@eslint/js'
import reactHooks from 'eslint-plugin-react-hooks'
import { reactRefresh } from 'eslint-plugin-react-refresh'
import { defineConfig } from 'eslint/config'
import tseslint from 'typescript-eslint'

export default defineConfig({
  files: ['**/*.{ts,tsx}'],
  extends: [
    js.configs.recommended,
    tseslint.configs.recommendedTypeChecked,
    reactHooks.configs.flat.recommended,
    reactRefresh.configs.vite(),
  ],
  languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
  linterOptions: { reportUnusedDisableDirectives: 'error' },
})
`,
}

/** The README's ports are what they are: somebody else's server there would be tested instead. */
async function refuseTaken(url: string): Promise<void> {
  const isTaken = await fetch(url).then(
    () => true,
    () => false,
  )
  if (isTaken) throw new Error(`The README needs ${url}, and something else answers there: stop it first.`)
}
