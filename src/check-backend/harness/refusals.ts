import type { Refusing } from '../rule.js'
import type { Bench } from './bench.js'
import { expectRefusal, expectUnseen } from './expectations.js'
import { createSample, type Request } from './sample.js'

/** Sends what a rule wants refused. @throws {Mismatch} unless each is refused, and unseen by the provider. */
export async function expectRefusals(
  bench: Bench,
  { refuses, refusal, begun = false, afterwards }: Refusing,
): Promise<void> {
  const sample = await createSample(bench, begun)
  const requests: Request[] = []
  for (const request of refuses(sample)) requests.push(await addressed(request, bench))
  await expectUnseen(bench.provider, async () => {
    for (const request of requests) expectRefusal(await bench.client.send(...request), ...[refusal].flat())
  })
  await afterwards?.(bench, sample)
}

/** A request with the ids of live connections in its path. They are made before anything has to stay unseen. */
async function addressed([method, path, send = {}]: Request, { live, options }: Bench): Promise<Request> {
  const [placeholder, mode] = /\{(mediated|bff)\}/.exec(path) ?? []
  if (placeholder === undefined) return [method, path, send]
  const id = await live(options.providers[mode as 'mediated' | 'bff'])
  return [method, path.replace(placeholder, id), send]
}
