import type { Meta, StoryObj } from '@storybook/react-vite'
import { CountersignProvider } from 'countersign'
import { fakeBank } from 'countersign/testing'
import { Accounts } from './accounts'
import { bankOptions } from './bank-options'

/** A bank for a story: a loader makes another one each time the story is shown. */
const at = (more: Partial<Parameters<typeof openBank>[0]> = {}) => [() => ({ bank: openBank(more) })]
const openBank = (more: { readonly connected?: { readonly stitch: object } }) =>
  fakeBank({ ...bankOptions, ...more })
const bankOf = (loaded: Record<string, unknown>) => loaded['bank'] as ReturnType<typeof openBank>

export default {
  title: 'Accounts',
  component: Accounts,
  render: (_, { loaded }) => (
    <CountersignProvider client={bankOf(loaded).client}>
      <Accounts />
    </CountersignProvider>
  ),
} satisfies Meta<typeof Accounts>

export const Disconnected: StoryObj = { loaders: at() }

export const Connected: StoryObj = { loaders: at({ connected: { stitch: {} } }) }

export const Connecting: StoryObj = {
  loaders: at(),
  async play({ canvas, userEvent, loaded }) {
    await userEvent.click(await canvas.findByRole('button', { name: 'Connect Stitch' }))
    await bankOf(loaded).approve('stitch', { accounts: [{ id: '1', name: 'Rainy Day' }] })
    await canvas.findByText('Rainy Day')
  },
}

export const Refused: StoryObj = {
  loaders: at(),
  async play({ canvas, userEvent, loaded }) {
    await userEvent.click(await canvas.findByRole('button', { name: 'Connect Stitch' }))
    await bankOf(loaded).deny('stitch')
    await canvas.findByText('That did not work: access_denied')
  },
}
