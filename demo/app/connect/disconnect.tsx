import type { TokensState } from 'countersign'
import { useEffect, useId, useRef, useState } from 'react'
import { useLoaded } from '../data/accounts.js'
import { Act } from '../parts/act.js'
import { announce } from '../parts/announcer.js'
import { track } from '../parts/under-way.js'
import type { Bank } from './catalog.js'
import { sayFarewell } from './remembered.js'

/** What {@link Disconnect} takes. */
export interface DisconnectProps {
  readonly bank: Bank
  readonly tokens: Extract<TokensState, { disconnect: unknown }>
  /** How many other connections there are at the bank. */
  readonly others: number
}

/** Ends a connection, once the person has read what that means. */
export function Disconnect({ bank, tokens, others }: DisconnectProps) {
  const [asking, setAsking] = useState(false)
  const dialog = useRef<HTMLDialogElement>(null)
  const title = useId()
  const { connection, disconnect } = tokens
  const accounts = useAccountCount(connection.id)
  const open = () => {
    setAsking(true)
  }
  useEffect(() => {
    // Once its buttons are there: the first one gets the focus.
    if (asking) dialog.current?.showModal()
  }, [asking])
  const close = () => {
    dialog.current?.close()
  }
  return (
    <>
      <Act quiet label="Disconnect" onClick={open} />
      <dialog
        ref={dialog}
        aria-labelledby={title}
        onClose={() => {
          setAsking(false)
        }}
      >
        {asking && (
          <>
            <h4 id={title}>Disconnect {bank.name}?</h4>
            <ul>
              <li>
                {accounts === 0
                  ? 'What was shared'
                  : accounts === 1
                    ? 'One account'
                    : `${String(accounts)} accounts`}{' '}
                {accounts > 1 ? 'leave' : 'leaves'} this overview at once.
              </li>
              <li>The app asks the bank to end the access, and tells you whether it did.</li>
              <li>Your money and your accounts at the bank stay as they are.</li>
            </ul>
            <p className="actions">
              <Act
                danger
                label="Yes, disconnect"
                onClick={() => {
                  close()
                  void track(`Ending the access at ${bank.name}…`, disconnect()).then(({ revoked }) => {
                    const text = farewell(revoked, others)
                    sayFarewell(bank.id, text)
                    announce(`${bank.name}: ${text}`)
                  })
                }}
              />
              <Act quiet label="Keep it" onClick={close} />
            </p>
          </>
        )}
      </dialog>
    </>
  )
}

function useAccountCount(connection: string): number {
  const loaded = useLoaded()[connection]
  return loaded?.status === 'loaded' ? loaded.data.accounts.length : 0
}

function farewell(revoked: boolean, others: number): string {
  const stays =
    others === 0
      ? ''
      : others === 1
        ? ' Your other connection here stays.'
        : ' Your other connections here stay.'
  return revoked
    ? `Disconnected. The bank has confirmed that this access has ended.${stays}`
    : `Disconnected here. The bank did not confirm it: end the access in your online banking, too.${stays}`
}
