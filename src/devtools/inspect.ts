import type { AnyClient, Client } from '../core/index.js'
import type { Log } from './log/log.js'
import { openLog } from './log/log.js'
import { watchAttempts } from './watch/attempts.js'
import { watchEvents, watchSession } from './watch/events.js'
import { pagesOf, type Pages } from './watch/pages.js'
import { watchRecords } from './watch/records.js'
import { watchRequests } from './watch/requests.js'
import { watchTabs } from './watch/tabs.js'
import { watchTokens } from './watch/tokens.js'
import { watchable, type Watched } from './watch/watched.js'

/** What the panel works with. */
export interface Inspection {
  readonly watched: Watched
  readonly client: Client
  readonly namespace: string
  readonly log: Log
  /** The names of the locks that this page holds. */
  readonly locks: ReadonlySet<string>
}

const inspections = new WeakMap<object, Inspection>()

const logs = new WeakMap<Pages, Log>()

/**
 * The inspection of a client, which begins with the first call. That of a client of the testing kit is of the page that is shown
 * now, and each later page is watched from its beginning.
 *
 * @throws {TypeError} for a client of another make.
 */
export function inspectionOf(client: object): Inspection {
  const pages = pagesOf(client)
  return pages ? inspectionOfPages(pages) : inspectionOfPage(client, openLog)
}

/** The pages of a test share what they have seen with each other, and with nobody else. */
function inspectionOfPages(pages: Pages): Inspection {
  const inspect = (): Inspection => inspectionOfPage(pages.current(), openOrShare)
  const openOrShare: typeof openLog = (namespace, clock) => {
    const log = logs.get(pages) ?? openLog(namespace, clock, 'memory')
    logs.set(pages, log)
    return log
  }
  const isNew = !logs.has(pages)
  const inspection = inspect()
  if (isNew) {
    pages.onChange(inspect)
    if (!pages.isReady()) void pages.ready.then(() => inspection.log.clear())
  }
  return inspection
}

function inspectionOfPage(client: object, open: typeof openLog): Inspection {
  const begun = inspections.get(client)
  if (begun) return begun
  const { context, namespace } = watchable(client)
  const log = open(namespace, context.platform.clock)
  const watched: Watched = {
    ...{ context, log, platform: context.platform },
    ...{ redeeming: new Map(), refreshing: {}, renewals: new Map() },
  }
  const arrivalOf = watchRecords(watched)
  watchRequests(watched)
  watchTokens(watched)
  const locks = watchTabs(watched)
  watchEvents(watched, client as Client, arrivalOf)
  watchAttempts(watched, client as Client)
  watchSession(watched)
  const inspection = { watched, client: client as Client, namespace, log, locks }
  inspections.set(client, inspection)
  return inspection
}

/**
 * Begins to note what a client does, for {@link CountersignDevtools}. The component does that, too; call this beside
 * `createClient`, so that what the page does before React renders is seen as well: such as redeeming the code of the
 * response that it was opened with. On a server it does nothing.
 *
 * Everything is redacted before it is noted. The log lies in an IndexedDB database of its own, for a day.
 *
 * @throws {TypeError} for a client that neither `createClient` nor `fakeBank` has made.
 * @example
 * ```ts
 * import { createClient, singleUser } from 'countersign'
 * import { inspect } from 'countersign/devtools'
 * import { apiture } from 'countersign/providers'
 *
 * export const bank = createClient({
 *   subject: singleUser,
 *   providers: { apiture: apiture({ clientId: 'my-client', scope: 'openid banking/read' }) },
 * })
 * inspect(bank)
 * ```
 */
export function inspect(client: AnyClient): void {
  if (typeof window === 'undefined') return
  inspectionOf(client)
}
