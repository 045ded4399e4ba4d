import type { Role } from '../options.js'
import type { Rule, Trouble } from '../rule.js'
import type { SendOptions } from './client.js'
import { expect, outcomeOf, requestOf, type Outcomes } from './expectations.js'
import { Mismatch } from './mismatch.js'
import type { ProviderEndpoint } from './provider/provider.js'
import { unknownProof, type Request, type Scene } from './scene.js'

/** Puts a rule to the test, part by part. @throws {Mismatch} for the first that the backend does not pass. */
export async function runRule(rule: Rule, scene: Scene): Promise<void> {
  const { begun, refuses, refusal = [], trouble, every = [], run } = rule
  const proof = begun ? await scene.begin() : unknownProof()
  if (refuses) await expectRefusals(scene, refuses(scene, proof), refusal)
  if (trouble) for (const one of trouble.cases(scene)) await expectOutcomes(scene, trouble, one)
  for (const { isRight, problem, of = () => true } of every) {
    const wrong = scene.client.exchanges.find((answer) => of(answer) && !isRight(answer, scene))
    if (wrong) throw new Mismatch(`the answer to ${requestOf(wrong)} (${outcomeOf(wrong)}) ${problem}`)
  }
  await run?.(scene, proof)
}

async function expectRefusals(scene: Scene, refused: readonly Request[], refusal: Outcomes): Promise<void> {
  // Live connections are made before anything has to stay unseen.
  const requests: Request[] = []
  for (const request of refused) requests.push(await scene.address(request))
  await scene.unseen(async () => {
    for (const request of requests) await scene.ask(request, refusal)
  })
}

async function expectOutcomes(
  scene: Scene,
  { asks, requests, again }: Trouble,
  [answers, page]: ReturnType<Trouble['cases']>[number],
): Promise<void> {
  const [endpoint, request] = await prepare[asks](scene)
  for (const answer of answers) scene.provider.next(endpoint, answer)
  const { seen } = await scene.seen(endpoint, async () => {
    await scene.ask(request, page)
    if (again !== undefined) await scene.ask(request, again)
  })
  const count = `${String(seen.length)} requests instead of ${String(requests)}`
  expect(requests === undefined || seen.length === requests, `the provider received ${count}`)
}

/** What leads to each request, and the provider's endpoint that it needs. */
const prepare: Readonly<
  Record<Trouble['asks'], (scene: Scene) => Promise<readonly [ProviderEndpoint, Request]>>
> = {
  code: (scene) => code(scene, 'mediated'),
  'openid code': (scene) => code(scene, 'openid'),
  refresh: (scene) => refresh(scene, 'mediated'),
  'openid refresh': (scene) => refresh(scene, 'openid'),
  accounts: (scene) => resource(scene, 'GET', 'accounts'),
  payment: (scene) => resource(scene, 'POST', 'payments', { body: { amount: 1 } }),
}

const code = async (scene: Scene, at: Role) =>
  ['token', scene.token(await scene.begin({ at }), {}, at)] as const

async function refresh(scene: Scene, at: Role) {
  const id = await scene.connect({ at })
  return ['token', scene.accessToken(id, { rejected: await scene.rejected(id) })] as const
}

async function resource(scene: Scene, method: string, path: string, send: SendOptions = {}) {
  const id = await scene.connect({ at: 'bff' })
  return ['api', [method, `/connections/${id}/resource/${path}`, send]] as const
}
