import {
  authorization,
  begun,
  connect,
  refresh,
  resource,
  type AnswerBody,
  type Connected,
  type Exchange,
  type Send,
} from './exchanges.js'

/** One thing to measure: makes requests ready beforehand, and takes note of answers afterwards. */
export interface Subject {
  readonly name: string
  /** The handler that it is compared with: its path, for the same method and body. */
  readonly bare: string
  /** What the caller sends next; each caller waits for its answer. */
  next(caller: number): Exchange
  /** Gets ready what `count` requests use up. */
  ready?(count: number): Promise<void> | void
  took?(caller: number, body: AnswerBody): void
}

/** @param callers How many ask at the same time, each on a connection of its own. */
export async function createSubjects(send: Send, callers: number): Promise<Subject[]> {
  const begins: Exchange[] = []
  const codes: Exchange[] = []
  const mediated: Connected[] = []
  const bff: Connected[] = []
  for (let caller = 0; caller < callers; caller += 1) {
    mediated.push(await connect(send, 'basis'))
    bff.push(await connect(send, 'bff'))
  }
  const of = (list: Connected[], caller: number): Connected => list[caller] ?? fail('no such caller')
  return [
    {
      name: 'authorization',
      bare: '/answer',
      ready(count) {
        begins.splice(0, Infinity, ...Array.from({ length: count }, () => authorization('basis').exchange))
      },
      next: () => begins.pop() ?? fail('none is ready'),
    },
    {
      name: 'token',
      bare: '/forward-anew/token',
      async ready(count) {
        codes.length = 0
        while (codes.length < count) codes.push(await begun(send, 'basis'))
      },
      next: () => codes.pop() ?? fail('none is ready'),
    },
    {
      name: 'refresh',
      bare: '/forward-anew/token',
      next: (caller) => refresh(of(mediated, caller)),
      took(caller, { access_token: accessToken = '' }) {
        of(mediated, caller).accessToken = accessToken
      },
    },
    {
      name: 'resource',
      bare: '/forward/api/profiles/profile-1',
      next: (caller) => resource(of(bff, caller)),
    },
  ]
}

function fail(why: string): never {
  throw new Error(why)
}
