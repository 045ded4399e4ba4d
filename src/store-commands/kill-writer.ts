import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { resolve } from 'node:path'
import process from 'node:process'
import { createInterface } from 'node:readline'
import { pathToFileURL } from 'node:url'
import type { Store } from '../backend/storage/store.js'
import type { StoreRuleResult } from './check-store.js'

/** Writes the writer may count as written before it is killed. */
const writes = 25

/** Writes that it may have made beyond, and not told of any more. */
const untold = 25

/** What the writer runs: it opens the store as the check does, writes without end, and names each key that counts as written. */
const program = `
const [url, prefix] = process.argv.slice(1)
const { open, default: byDefault } = await import(url)
const store = await (open ?? byDefault)()
for (let index = 0; ; index += 1) {
  const key = prefix + index
  if (await store.put(key, String(index), null, Date.now() / 1000 + 3600)) process.stdout.write(key + '\\n')
}`

const title = 'keeps what a process has written that is killed'

/**
 * Kills a process that writes, in the middle of it, and looks for all that it was told is written.
 *
 * @param path The module that opens the store.
 */
export async function checkKilledWriter(path: string, store: Store): Promise<StoreRuleResult> {
  const begun = performance.now()
  const prefix = `check:${crypto.randomUUID()}:`
  const written = await writeUntilKilled(path, prefix)
  const found = await Promise.all(written.keys.map((key) => store.get(key)))
  const made = Array.from({ length: written.keys.length + untold }, (_, index) => prefix + String(index))
  await Promise.allSettled(made.map((key) => store.delete(key)))
  const lost = found.filter((entry) => entry === undefined).length
  const problem =
    written.keys.length === 0
      ? `a process that opens the store by itself wrote nothing: ${written.error}`
      : `of ${String(found.length)} values that counted as written, ${String(lost)} are gone`
  return {
    title,
    result: written.keys.length > 0 && lost === 0 ? 'pass' : 'fail',
    ...((written.keys.length === 0 || lost > 0) && { problem }),
    why: 'a refresh token that was replaced and then lost means that the person must connect again',
    milliseconds: Math.round(performance.now() - begun),
  }
}

async function writeUntilKilled(
  path: string,
  prefix: string,
): Promise<{ readonly keys: readonly string[]; readonly error: string }> {
  const { href } = pathToFileURL(resolve(path))
  const flags = [...process.execArgv, '--input-type=module', '--eval', program, href, prefix]
  const writer = spawn(process.execPath, flags, { stdio: ['ignore', 'pipe', 'pipe'] })
  let error = ''
  writer.stderr.on('data', (chunk: Buffer) => (error += String(chunk)))
  const ended = once(writer, 'close')
  const keys: string[] = []
  for await (const key of createInterface({ input: writer.stdout })) {
    keys.push(key)
    if (keys.length === writes) writer.kill('SIGKILL')
  }
  await ended
  return { keys, error: /^\w*Error: .*$/m.exec(error)?.[0] ?? 'it ended by itself' }
}
