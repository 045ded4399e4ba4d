// What code finds in its surroundings: time, randomness and Web Crypto, all of them the scheduler's. Nothing in here waits
// for real time, and what is not attributed to a page or a replica fails the run.
import { createHmac } from 'node:crypto'
import { currentActor, streams, type Scheduler } from './scheduler.js'

/** The present run; each takes over from the one before. */
let scheduler: Scheduler
let report: (fault: string) => void
let takeTask: ((work: () => void) => void) | undefined
let values = 0
let working = 0
let keyPairs: CryptoKeyPair[] = []
let dealt = 0
/** The bytes of every HMAC key that is made: a name in a record is the same in each run. */
const hmacBytes = new Uint8Array(32).fill(7)
let hmacKey: CryptoKey | undefined

const { setImmediate } = globalThis
const subtle = Object.fromEntries(
  (['digest', 'importKey', 'exportKey', 'verify', 'sign', 'generateKey', 'encrypt', 'decrypt'] as const).map(
    (name) => [name, (crypto.subtle[name] as (...input: unknown[]) => Promise<unknown>).bind(crypto.subtle)],
  ),
)

/** The name of a user in the records of the simulated browser. */
export const subjectName = (subject: string): string =>
  `hmac:${createHmac('sha256', hmacBytes).update(subject).digest('base64url')}`

/**
 * Gives a run its surroundings.
 *
 * @param onTask Takes what `setImmediate` is to run, where the run has something that may call it.
 */
export function enterRealm(
  next: Scheduler,
  onFault: (fault: string) => void,
  onTask?: (work: () => void) => void,
): void {
  scheduler = next
  report = onFault
  takeTask = onTask
  values = dealt = 0
}

/** Resolves when nothing can go on before the scheduler's next step. */
export async function quiet(): Promise<void> {
  for (let still = 0; still < 2;) {
    await new Promise((resolve) => setImmediate(resolve))
    still = working > 0 ? 0 : still + 1
  }
}

const owner = (what: string) => {
  const actor = currentActor()
  if (!actor) report(`${what} outside of pages and replicas`)
  return actor ?? scheduler.world
}

const nextValue = (): number => scheduler.draw(streams.values, (values += 1))

/** Takes the place of the real surroundings, once for the whole process. */
export async function takeOver(): Promise<void> {
  const make = subtle['generateKey']
  keyPairs = (await Promise.all(
    Array.from({ length: 4 }, async () =>
      make?.({ name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign', 'verify']),
    ),
  )) as CryptoKeyPair[]
  hmacKey = (await subtle['importKey']?.('raw', hmacBytes, { name: 'HMAC', hash: 'SHA-256' }, false, [
    'sign',
  ])) as CryptoKey
  Math.random = nextValue
  Date.now = () => (scheduler.time + (currentActor()?.clock.offset ?? 0)) * 1000
  const cancels = new WeakMap<object, () => void>()
  const define = (target: object, name: string, value: unknown): void => {
    Object.defineProperty(target, name, { value, configurable: true, writable: true })
  }
  define(
    globalThis,
    'setTimeout',
    (work: (...input: unknown[]) => void, milliseconds = 0, ...input: unknown[]) => {
      const timer = {}
      const actor = owner('a timer')
      const run = (): void => {
        work(...input)
      }
      cancels.set(
        timer,
        scheduler.after(milliseconds / 1000, { label: `${actor.name}: a timer ends`, actor, run }),
      )
      return timer
    },
  )
  define(globalThis, 'clearTimeout', (timer: object | undefined) => {
    if (timer) cancels.get(timer)?.()
  })
  const refuse = (name: string): never => {
    report(`the real ${name} is called`)
    throw new Error(`the real ${name} is called`)
  }
  for (const name of ['setInterval', 'fetch']) define(globalThis, name, () => refuse(name))
  define(globalThis, 'setImmediate', (work: () => void) => (takeTask ?? refuse('setImmediate'))(work))
  define(globalThis, 'reportError', (error: unknown) => {
    report(`an uncaught error: ${String(error)}`)
  })
  process.on('unhandledRejection', (error) => {
    report(`an unhandled rejection: ${String(error)}`)
  })
  define(AbortSignal, 'timeout', (milliseconds: number) => {
    const controller = new AbortController()
    const actor = owner('a time limit')
    const run = (): void => {
      controller.abort(new DOMException('The time limit was reached.', 'TimeoutError'))
    }
    scheduler.after(milliseconds / 1000, { label: `${actor.name}: a time limit is reached`, actor, run })
    return controller.signal
  })
  define(crypto, 'getRandomValues', (array: Uint8Array) => {
    for (let index = 0; index < array.length; index++) array[index] = Math.floor(nextValue() * 256)
    return array
  })
  define(crypto, 'randomUUID', () => {
    const hex = Array.from({ length: 32 }, () => Math.floor(nextValue() * 16).toString(16)).join('')
    return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
  })
  for (const [name, real] of Object.entries(subtle))
    define(crypto.subtle, name, async (...input: unknown[]) => {
      const actor = owner(`crypto.${name}`)
      await scheduler.turn(`${actor.name}: ${name}`, actor, () => undefined)
      if (name === 'generateKey') return isHmac(input[0]) ? hmacKey : keyPairs[(dealt += 1) % keyPairs.length]
      working += 1
      try {
        return await real(...input)
      } finally {
        working -= 1
      }
    })
}

const isHmac = (algorithm: unknown): boolean => (Object(algorithm) as { name?: unknown }).name === 'HMAC'
