import { startApiture, type ApitureOptions } from './apiture.js'
import type { Bank } from './bank.js'
import { startBasis, type BasisOptions } from './basis.js'
import { startFdx, type FdxOptions } from './fdx.js'
import { startMoneyhub, type MoneyhubOptions } from './moneyhub.js'
import { startStandard, type StandardOptions } from './standard.js'
import { startStitch, type StitchOptions } from './stitch.js'

type WithoutRedirects<O> = Omit<O, 'redirectUris' | 'port'>

/** Options of {@link startBanks}. */
export interface BanksOptions {
  /** The origin of the app, such as `http://localhost:5173`. */
  readonly appOrigin: string
  /** @defaultValue `/callback/{bank}` at the app */
  readonly redirectUris?: Partial<Record<BankName, readonly string[]>>
  /** @defaultValue free ports */
  readonly ports?: Partial<Record<BankName, number>>
  readonly apiture?: WithoutRedirects<ApitureOptions>
  readonly basis?: WithoutRedirects<BasisOptions>
  /** @defaultValue no client certificate is registered, so nobody gets in */
  readonly fdx?: WithoutRedirects<FdxOptions>
  /** @defaultValue `jwks`: those of `stitch` */
  readonly moneyhub?: Partial<WithoutRedirects<MoneyhubOptions>>
  readonly openid?: WithoutRedirects<StandardOptions>
  readonly stitch: WithoutRedirects<StitchOptions>
}

/** The banks there are. */
export interface Banks {
  readonly apiture: Awaited<ReturnType<typeof startApiture>>
  readonly basis: Awaited<ReturnType<typeof startBasis>>
  readonly fdx: Awaited<ReturnType<typeof startFdx>>
  readonly moneyhub: Awaited<ReturnType<typeof startMoneyhub>>
  readonly openid: Awaited<ReturnType<typeof startStandard>>
  readonly stitch: Awaited<ReturnType<typeof startStitch>>
}

/** A bank's name, as in options and callback paths. */
export type BankName = keyof Banks

/** The names under which the app knows a bank: Moneyhub under one for each of its two use cases. */
const callbacks = (name: BankName): readonly string[] =>
  name === 'moneyhub' ? [name, 'moneyhubOnce'] : [name]

/**
 * Opens every bank.
 *
 * @throws Error when a port is taken; the banks that were open already are closed again
 *
 * @example
 * ```ts
 * const banks = await startBanks({ appOrigin: 'http://localhost:5173', stitch: { jwks } })
 * banks.stitch.control.next({ outcome: 'cancel' })
 * await banks.close()
 * ```
 */
export async function startBanks(
  options: BanksOptions,
): Promise<Banks & { readonly close: () => Promise<void> }> {
  const common = (name: BankName) => ({
    redirectUris:
      options.redirectUris?.[name] ??
      callbacks(name).map((callback) => new URL(`/callback/${callback}`, options.appOrigin).href),
    port: options.ports?.[name] ?? 0,
  })
  const opened: Pick<Bank, 'close'>[] = []
  const open = async <B extends Pick<Bank, 'close'>>(opening: Promise<B>): Promise<B> => {
    const bank = await opening
    opened.push(bank)
    return bank
  }
  const close = async () => {
    await Promise.all(opened.map((bank) => bank.close()))
  }
  try {
    const apiture = await open(startApiture({ ...options.apiture, ...common('apiture') }))
    const basis = await open(startBasis({ ...options.basis, ...common('basis') }))
    const fdx = await open(startFdx({ jwks: { keys: [] }, ...options.fdx, ...common('fdx') }))
    const { jwks } = options.stitch
    const moneyhub = await open(startMoneyhub({ jwks, ...options.moneyhub, ...common('moneyhub') }))
    const openid = await open(startStandard({ ...options.openid, ...common('openid') }))
    const stitch = await open(startStitch({ ...options.stitch, ...common('stitch') }))
    return { apiture, basis, fdx, moneyhub, openid, stitch, close }
  } catch (error) {
    await close()
    throw error
  }
}
