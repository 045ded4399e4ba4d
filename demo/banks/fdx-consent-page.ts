import type { Account } from './fdx-accounts.js'
import {
  fdxClusters,
  type ConsentRequest,
  type GrantedResource,
  type RequestedResource,
} from '../../src/testing/quirks/fdx.js'
import { html, type Html } from './html.js'

const titles: Readonly<Record<string, string>> = {
  ACCOUNT: 'Of these accounts, it may see:',
  CUSTOMER: 'About you, it may see:',
}

/** The app's request in words, with a checkbox for each account and each kind of data. */
export function consentChoices(requested: ConsentRequest | undefined, accounts: readonly Account[]): Html {
  if (!requested) return html``
  const { resources } = requested
  return html`${resources.some(isAccount) ? accountBoxes(accounts) : undefined} ${resources.map(clusterBoxes)}
    <ul class="note">
      <li>${duration(requested)}</li>
      ${
        requested.lookbackPeriod === undefined
          ? undefined
          : html`<li>The app may look back ${requested.lookbackPeriod} days.</li>`
      }
      <li>You can see this consent and end it at any time, here or in the app.</li>
      <li>Foxglove Federal keeps a record of what is shared, with whom and when.</li>
    </ul>`
}

const isAccount = ({ resourceType }: RequestedResource): boolean => resourceType === 'ACCOUNT'

function accountBoxes(accounts: readonly Account[]): Html {
  return html`<fieldset>
    <legend>Which accounts do you share?</legend>
    ${accounts.map(({ accountId, nickname, accountNumberDisplay }) =>
      box('account', accountId, html`${nickname} <small>${written(accountNumberDisplay)}</small>`),
    )}
  </fieldset>`
}

const written = (masked: string): string => masked.replace(/^\*+/, '•••• ')

function clusterBoxes({ resourceType, dataClusters }: RequestedResource): Html {
  return html`<fieldset>
    <legend>${titles[resourceType]}</legend>
    ${dataClusters.map((cluster) =>
      box('cluster', `${resourceType}/${cluster}`, html`${fdxClusters[resourceType]?.[cluster]}`),
    )}
  </fieldset>`
}

function box(name: string, value: string, text: Html): Html {
  return html`<label class="choice">
    <input type="checkbox" name="${name}" value="${value}" checked />
    <span>${text}</span>
  </label>`
}

function duration({ durationType, durationPeriod = 0 }: ConsentRequest): string {
  if (durationType === 'ONE_TIME') return 'Your data is fetched once. The consent ends by itself.'
  if (durationType === 'TIME_BOUND') return `The consent ends by itself after ${String(durationPeriod)} days.`
  return 'The consent lasts until you end it.'
}

/** What a person has ticked of what was asked for; everything where no page was shown. */
export function readChoices(
  { resources }: ConsentRequest,
  accounts: readonly Account[],
  form: URLSearchParams,
): GrantedResource[] {
  const shown = form.has('action')
  const ticked = (name: string, value: string) => !shown || form.getAll(name).includes(value)
  return resources.flatMap(({ resourceType, dataClusters: asked }) => {
    const dataClusters = asked.filter((cluster) => ticked('cluster', `${resourceType}/${cluster}`))
    if (dataClusters.length === 0) return []
    if (resourceType !== 'ACCOUNT') return [{ resourceType, dataClusters }]
    return accounts
      .filter(({ accountId }) => ticked('account', accountId))
      .map(({ accountId }) => ({ resourceType, id: accountId, dataClusters }))
  })
}
