import { execFile } from 'node:child_process'
import { accessSync, constants, existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { env, getuid, platform } from 'node:process'
import { promisify } from 'node:util'
import { chromium } from 'playwright-core'
import { root } from './entries.js'

const run = promisify(execFile)

/**
 * Finds a Chromium or Chrome for the browser tests and returns its path. In this order: the one that
 * CHROMIUM_PATH or CHROME_PATH names; one that is installed; on Debian as root, the distribution's package,
 * installed now; playwright's own, downloaded now.
 *
 * @returns {Promise<string>}
 * @throws {Error} When there is none and none could be installed.
 */
export async function findChromium() {
  const named = env['CHROMIUM_PATH'] ?? env['CHROME_PATH']
  if (named) {
    if (isExecutable(named)) return named
    throw new Error(`CHROMIUM_PATH or CHROME_PATH is ${named}, where there is no executable file.`)
  }
  const installed = findInstalled()
  if (installed) return installed

  for (const install of [installDebianPackage, installPlaywrightBuild]) {
    await install().catch((/** @type {unknown} */ error) => {
      console.warn(error instanceof Error ? error.message : error)
    })
    const path = findInstalled()
    if (path) return path
  }
  throw new Error(
    'The browser tests need Chromium or Chrome: install one (on Debian: apt install chromium), ' +
      'or set CHROMIUM_PATH to its executable file.',
  )
}

/** @returns {string | undefined} */
function findInstalled() {
  return [...candidates(), chromium.executablePath()].find(isExecutable)
}

/** @returns {string[]} */
function candidates() {
  switch (platform) {
    case 'darwin':
      return [
        '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
        '/Applications/Chromium.app/Contents/MacOS/Chromium',
        '/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge',
      ]
    case 'win32':
      return ['PROGRAMFILES', 'PROGRAMFILES(X86)', 'LOCALAPPDATA'].flatMap((variable) => {
        const folder = env[variable]
        if (!folder) return []
        return [
          join(folder, 'Google/Chrome/Application/chrome.exe'),
          join(folder, 'Chromium/Application/chrome.exe'),
          join(folder, 'Microsoft/Edge/Application/msedge.exe'),
        ]
      })
    default:
      return (env['PATH'] ?? '')
        .split(delimiter)
        .flatMap((folder) =>
          ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome'].map((name) =>
            join(folder, name),
          ),
        )
  }
}

async function installDebianPackage() {
  if (getuid?.() !== 0 || !existsSync('/etc/debian_version')) return
  console.log('Installing the package chromium ...')
  const options = { env: { ...env, DEBIAN_FRONTEND: 'noninteractive' }, maxBuffer: 64 * 2 ** 20 }
  await run('apt-get', ['update'], options)
  await run('apt-get', ['install', '-y', '--no-install-recommends', 'chromium'], options)
}

async function installPlaywrightBuild() {
  console.log('Downloading playwright’s Chromium ...')
  const cli = join(root, 'node_modules/playwright-core/cli.js')
  const withDeps = getuid?.() === 0 ? ['--with-deps'] : []
  await run(process.execPath, [cli, 'install', ...withDeps, 'chromium'], { maxBuffer: 64 * 2 ** 20 })
}

/** @param {string} path */
function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
