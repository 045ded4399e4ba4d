import { fromFailure, unrevoked, type Revocation } from '../../protocol/revocation-result.js'
import type { Context } from '../context.js'
import { countRequest } from '../http/rate-limit.js'
import { providerContext } from '../provider-context.js'
import type { GrantToEnd, HeldConnection, ProviderRevocation } from '../provider.js'
import { bindingOf, isOtherBinding } from './binding.js'
import { readListed } from './connection-list.js'
import { toHeld } from './held-connection.js'
import { readConnection } from './read-connection.js'
import type { Binding, ConnectionRecord } from './record.js'

/** Seconds for which the end of a grant is tried again: seven days. Nothing of it is kept longer. */
const keptSeconds = 7 * 86_400

/** Seconds until an attempt is made again, for the first time and at most; each wait is twice as long as the one before. */
const firstWaitSeconds = 600
const longestWaitSeconds = 43_200

/** Limit of one user's endings. */
const maximumEndings = 200

/** A grant that its provider has not confirmed as ended. It is no connection any more, and no list shows it. */
interface Ending extends GrantToEnd {
  /** The connection's. */
  readonly id: string
  readonly provider: string
  readonly binding?: Binding | undefined
  /** Epoch seconds: of the disconnection. */
  readonly createdAt: number
  /** Epoch seconds. */
  readonly nextAt: number
  readonly waitSeconds: number
}

const endsAt = ({ createdAt }: Ending): number => createdAt + keptSeconds

/**
 * Writes down what is needed to end a connection's grant, before the connection is forgotten: a process that dies in between loses
 * nothing. Providers that keep nothing for it have one attempt.
 *
 * @throws {Refusal} `backend_unavailable` where it cannot be written.
 */
export async function noteEnding(context: Context, record: ConnectionRecord): Promise<void> {
  const kept = context.providers.get(record.provider)?.toEnding?.(toHeld(record))
  if (!kept) return
  const createdAt = context.now()
  const times = { createdAt, nextAt: createdAt + firstWaitSeconds, waitSeconds: firstWaitSeconds }
  const { id, provider, binding } = record
  const ending: Ending = { ...kept, ...times, id, provider, binding }
  await changeEndings(context, record.subject, (all) => [...all.filter((other) => other.id !== id), ending])
}

/**
 * Drops what would end a grant that a connection has again, such as a connection at Moneyhub that the person has renewed there.
 *
 * @throws {Refusal} `backend_unavailable` where it cannot be dropped.
 */
export async function dropEndings(context: Context, record: ConnectionRecord): Promise<void> {
  const { subject, provider } = record
  const kept = context.providers.get(provider)?.toEnding?.(toHeld(record))
  if (!kept) return
  const grant = grantOf(kept)
  await changeEndings(context, subject, (all) => {
    const left = all.filter((ending) => !(ending.provider === provider && grantOf(ending) === grant))
    return left.length < all.length ? left : undefined
  })
}

/** What tells one grant of a provider from another; a refresh token changes. */
const grantOf = ({ details, data }: GrantToEnd): string => JSON.stringify([details, data])

/** Asks the provider of a connection that has been forgotten to end its grant. @returns Whether it confirmed that, or why not. */
export async function endGrant(context: Context, record: ConnectionRecord): Promise<Revocation> {
  const { refreshToken, ...result } = await revoke(context, record.provider, toHeld(record))
  await conclude(context, record.subject, record.id, result, refreshToken)
  return result
}

/** Tries again to end the grants of a user whose time has come; one caller does it. */
export async function retryEndings(context: Context, subject: string): Promise<void> {
  const now = context.now()
  const isDue = (ending: Ending): boolean => ending.nextAt <= now && endsAt(ending) > now
  if (!(await readEndings(context, subject)).some(isDue)) return
  const due = await claimEndings(context, subject, isDue)
  await Promise.allSettled(due.map((ending) => tryAgain(context, subject, ending)))
}

/** @throws {Refusal} `rate_limited` where the provider's budget is used up: it stays for the next time. */
async function tryAgain(context: Context, subject: string, ending: Ending): Promise<void> {
  const { id, provider, createdAt, details, data, refreshToken: kept } = ending
  // The configuration may come back.
  const isHere = context.providers.has(provider)
  if (!isHere || isOtherBinding(ending.binding, bindingOf(context, provider))) return
  // It was to be forgotten, and is there all the same: the store failed, or the person has renewed it.
  if ((await readConnection(context, id)) || (await hasAgain(context, subject, ending))) {
    await changeEndings(context, subject, (all) => all.filter((other) => other.id !== id))
    return
  }
  await countRequest(context, { by: 'provider', key: provider, action: 'connections', subject })
  const held = { id, subject, createdAt, scope: '', details, data, refreshToken: kept }
  const { refreshToken, ...result } = await revoke(context, provider, {
    ...held,
    accessToken: undefined,
    sub: undefined,
  })
  await conclude(context, subject, id, result, refreshToken)
  if (result.revoked) context.emit('grant_ended', { provider, connection: id })
}

/** True where a connection has the grant again: it was stored at the time at which the person disconnected the one before. */
async function hasAgain(context: Context, subject: string, ending: Ending): Promise<boolean> {
  const provider = context.providers.get(ending.provider)
  return (await readListed(context, subject)).some((record) => {
    const kept = record.provider === ending.provider && provider?.toEnding?.(toHeld(record))
    return kept && grantOf(kept) === grantOf(ending)
  })
}

async function revoke(context: Context, name: string, held: HeldConnection): Promise<ProviderRevocation> {
  const provider = context.providers.get(name)
  if (!provider?.revoke) return unrevoked('no_endpoint')
  try {
    return await provider.revoke(held, providerContext(context, provider))
  } catch (error) {
    return fromFailure(error)
  }
}

/** Removes an ending that is over, and keeps the refresh token that has replaced the one it had. */
async function conclude(
  context: Context,
  subject: string,
  id: string,
  result: Revocation,
  refreshToken: string | undefined,
): Promise<void> {
  const isOver = result.revoked || result.reason === 'no_endpoint'
  const next = (ending: Ending): readonly Ending[] =>
    isOver ? [] : [{ ...ending, refreshToken: ending.refreshToken && (refreshToken ?? ending.refreshToken) }]
  // One that stays because the store fails is tried once more, which does no harm.
  await changeEndings(context, subject, (all) =>
    all.some((ending) => ending.id === id)
      ? all.flatMap((ending) => (ending.id === id ? next(ending) : [ending]))
      : undefined,
  ).catch(() => undefined)
}

const endingsKey = async ({ subjectKey }: Context, subject: string): Promise<string> =>
  `endings:${await subjectKey(subject)}`

const readEndings = async (context: Context, subject: string): Promise<readonly Ending[]> =>
  (await context.records.read<readonly Ending[]>(await endingsKey(context, subject))) ?? []

/** Puts off the endings that are due, so that nobody else tries them meanwhile. @returns Those. */
async function claimEndings(
  context: Context,
  subject: string,
  isDue: (ending: Ending) => boolean,
): Promise<readonly Ending[]> {
  const { records, now } = context
  const postponed = ({ waitSeconds, ...ending }: Ending): Ending => {
    const next = Math.min(2 * waitSeconds, longestWaitSeconds)
    return { ...ending, waitSeconds: next, nextAt: now() + next }
  }
  return records.change<readonly Ending[], readonly Ending[]>(
    await endingsKey(context, subject),
    (all = []) => {
      const due = all.filter(isDue)
      const write = all.map((ending) => (isDue(ending) ? postponed(ending) : ending))
      return due.length === 0 ? { result: due } : { write, until: lastOf(write), result: due }
    },
  )
}

/** @param next Gives `undefined` where nothing changes. */
async function changeEndings(
  context: Context,
  subject: string,
  next: (all: readonly Ending[]) => readonly Ending[] | undefined,
): Promise<void> {
  const { records, now } = context
  await records.change<readonly Ending[], undefined>(await endingsKey(context, subject), (all = []) => {
    const write = next(all)
      ?.filter((ending) => endsAt(ending) > now())
      .slice(-maximumEndings)
    if (!write) return { result: undefined }
    return { write, until: write.length > 0 ? lastOf(write) : now() + 1, result: undefined }
  })
}

const lastOf = (endings: readonly Ending[]): number => Math.max(...endings.map(endsAt))
