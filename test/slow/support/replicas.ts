import { fork } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import type { ConnectionDocument } from '../../../src/protocol/contract.js'
import { calculateCodeChallenge, createCodeVerifier, createState } from '../../../src/protocol/pkce.js'
import { endProcess } from '../../support/end-process.js'
import type { AuthorizationServer } from './authorization-server.js'
import type { KeepFreshOptions, Report } from '../../../examples/keep-fresh/keep-fresh.js'
import type { Order } from './replica.js'
import type { ReplicaSetup } from './replica-backend.js'

/** What a replica answered. */
export interface Answer {
  readonly status: number
  readonly body: {
    readonly error?: string
    readonly authorization_url: string
    readonly transaction?: string
    readonly connection: ConnectionDocument
    readonly connections: readonly ConnectionDocument[]
    readonly access_token: string
  }
}

/** A backend in a process of its own. */
export interface Replica {
  call(method: 'GET' | 'POST', path: string, body?: object): Promise<Answer>
  /** Moves its clock on. @returns Milliseconds of processor time that it has used. */
  pass(seconds: number): Promise<number>
  /** Runs the job of examples/keep-fresh. Rejects when the replica ends. */
  keepFresh(options?: KeepFreshOptions): Promise<Report>
  kill(): Promise<void>
}

const root = fileURLToPath(new URL('../../../', import.meta.url))

/** Keys and secrets that all replicas of this run share. */
export const shared = {
  clientSecret: randomBytes(64).toString('base64'),
  keys: [randomBytes(32).toString('base64url')],
  subjectKeySecret: randomBytes(32).toString('base64url'),
}

export async function startReplica(
  setup: Pick<ReplicaSetup, 'store' | 'server'> & Partial<ReplicaSetup>,
): Promise<Replica> {
  const whole: ReplicaSetup = { rotatesRefreshTokens: true, impatient: false, ...shared, ...setup }
  const child = fork(`${root}test/slow/support/replica.ts`, [JSON.stringify(whole)], {
    cwd: root,
    execArgv: ['--import', 'tsx'],
    env: { ...process.env, TSX_TSCONFIG_PATH: `${root}test/tsconfig.json` },
  })
  const told = (): Promise<unknown> =>
    new Promise((resolve, reject) => {
      child.once('message', resolve)
      child.once('exit', () => {
        reject(new Error('the replica has ended'))
      })
    })
  const port = await told()
  return {
    call: callTo(`http://127.0.0.1:${String(port)}`),
    async pass(seconds) {
      const passed = told()
      child.send({ pass: seconds } satisfies Order)
      return Number(await passed)
    },
    async keepFresh(options = {}) {
      const reported = told()
      child.send({ keepFresh: options } satisfies Order)
      return (await reported) as Report
    },
    kill: () => endProcess(child),
  }
}

/** The requests of a signed-in person's page to a backend at an origin. */
export function callTo(origin: string): Replica['call'] {
  return async (method, path, body) => {
    const response = await fetch(`${origin}/connect${path}`, {
      method,
      headers: {
        origin: 'https://app.example',
        countersign: '1',
        cookie: 'robin',
        ...(body && { 'content-type': 'application/json' }),
      },
      ...(body && { body: JSON.stringify(body) }),
    })
    return { status: response.status, body: (await response.json()) as Answer['body'] }
  }
}

/** What belongs to one code. */
export interface Proof {
  readonly code: string
  readonly state: string
  readonly code_verifier: string
  readonly transaction?: string
}

/** Begins a transaction, and has the person consent. */
export async function begin(replica: Replica, server: AuthorizationServer): Promise<Proof> {
  const code_verifier = createCodeVerifier()
  const state = createState()
  const { body } = await replica.call('POST', '/basis/authorization', {
    state,
    code_challenge: await calculateCodeChallenge(code_verifier),
    redirect_uri: 'https://app.example/callback/basis',
    input: { platform_id: '06914d28-f034-4d52-b048-e11024957c12' },
  })
  const { authorization_url, transaction } = body
  const code = server.consent(authorization_url)
  return { code, state, code_verifier, ...(transaction !== undefined && { transaction }) }
}

/** A whole connection: gives its id and its access token. */
export async function connect(
  replica: Replica,
  server: AuthorizationServer,
): Promise<{ readonly id: string; readonly accessToken: string }> {
  const { status, body } = await replica.call('POST', '/basis/token', await begin(replica, server))
  if (status !== 200) throw new Error(`not connected: ${String(body.error)}`)
  return { id: body.connection.id, accessToken: body.access_token }
}
