import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { env, getuid } from 'node:process'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** What `npm run test:engines` needs beside Chromium: Debian's packages. */
const packages = ['firefox-esr', 'webkit2gtk-driver', 'libwebkit2gtk-4.1-0', 'xvfb']

/**
 * Finds Firefox, and WebKit with its driver and a display; on Debian as root, it installs what is missing.
 *
 * @returns {Promise<{ firefox: string, webkit: { driver: string, browser: string, display: string } }>} Paths of the programs.
 * @throws {Error} When one is not there and could not be installed.
 */
export async function findEngines() {
  if (!find() && existsSync('/etc/debian_version') && getuid?.() === 0) {
    console.log(`Installing the packages ${packages.join(', ')} ...`)
    const options = { env: { ...env, DEBIAN_FRONTEND: 'noninteractive' }, maxBuffer: 64 * 2 ** 20 }
    await run('apt-get', ['update'], options)
    await run('apt-get', ['install', '-y', '--no-install-recommends', ...packages], options)
  }
  const found = find()
  if (found) return found
  throw new Error(
    `The tests in three engines need Firefox, WebKitGTK's MiniBrowser with its driver, and Xvfb: on Debian, apt install ${packages.join(' ')}. ` +
      'FIREFOX_PATH, WEBKIT_DRIVER_PATH, MINIBROWSER_PATH and XVFB_PATH name other ones.',
  )
}

function find() {
  const firefox = env['FIREFOX_PATH'] ?? inPath('firefox-esr') ?? inPath('firefox')
  const driver = env['WEBKIT_DRIVER_PATH'] ?? inPath('WebKitWebDriver')
  const display = env['XVFB_PATH'] ?? inPath('Xvfb')
  const browser = env['MINIBROWSER_PATH'] ?? miniBrowsers().find((path) => existsSync(path))
  return firefox && driver && display && browser
    ? { firefox, webkit: { driver, browser, display } }
    : undefined
}

/** Distributions keep it among WebKit's libraries. */
const miniBrowsers = () =>
  ['x86_64-linux-gnu', 'aarch64-linux-gnu', ''].map((machine) =>
    join('/usr/lib', machine, 'webkit2gtk-4.1/MiniBrowser'),
  )

/** @param {string} name */
const inPath = (name) =>
  (env['PATH'] ?? '')
    .split(delimiter)
    .map((folder) => join(folder, name))
    .find((path) => existsSync(path))
