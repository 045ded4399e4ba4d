import type { TokensState } from 'countersign'
import { useState } from 'react'
import { readConfiguration } from '../configuration.js'
import { Act } from '../parts/act.js'
import { isEmbedded, type Bank } from './catalog.js'
import { arm, disarm, faultsOf, useFault, type ArmedFault } from './faults.js'

/** What a developer wants to see and try at a bank. */
export function UnderTheHood({ bank, tokens }: { bank: Bank; tokens: TokensState }) {
  const fault = useFault(bank.id)
  return (
    <>
      {fault && <ShownFault fault={fault} />}
      <details className="more">
        <summary>Under the hood</summary>
        <p className="where">{bank.where}</p>
        {tokens.status === 'connected' && <Asks bank={bank} tokens={tokens} />}
        {isEmbedded(bank) && <Faults bank={bank} />}
      </details>
    </>
  )
}

function Faults({ bank }: { bank: Bank }) {
  const faults = faultsOf(bank.provider)
  return (
    <label className="choice">
      Bad day: the next time, the bank should
      <select
        value=""
        onChange={(event) => {
          const fault = faults[Number(event.target.value)]
          if (fault) arm(fault, { bank: bank.id, provider: bank.provider })
        }}
      >
        <option value="" disabled>
          Choose…
        </option>
        {faults.map(({ label }, index) => (
          <option key={label} value={index}>
            {label}
          </option>
        ))}
      </select>
    </label>
  )
}

const phases: Readonly<Record<ArmedFault['phase'], string>> = {
  armed: 'Armed for the next time you go there',
  sent: 'The bank knows',
  fired: 'It has happened',
}

function ShownFault({ fault }: { fault: ArmedFault }) {
  return (
    <div className="fault" data-phase={fault.phase}>
      <p>
        <strong>{phases[fault.phase]}:</strong> {fault.label.charAt(0).toLowerCase() + fault.label.slice(1)}
      </p>
      <Act quiet label={fault.phase === 'fired' ? 'Done' : 'Reset'} onClick={() => void disarm()} />
    </div>
  )
}

type Connected = Extract<TokensState, { status: 'connected' }>

function Asks({ bank, tokens }: { bank: Bank; tokens: Connected }) {
  if (!('getAccessToken' in tokens)) return null
  return (
    <>
      <TenCallers getAccessToken={tokens.getAccessToken} />
      {bank.provider === 'openid' && <StolenToken getAccessToken={tokens.getAccessToken} />}
    </>
  )
}

/** Ten callers at the same moment; they all get the same token. */
function TenCallers({ getAccessToken }: { getAccessToken: () => Promise<string> }) {
  const [result, setResult] = useState('')
  async function ask() {
    const answers = await Promise.allSettled(Array.from({ length: 10 }, () => getAccessToken()))
    const tokens = answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []))
    setResult(`${String(tokens.length)} callers got a token, ${String(new Set(tokens).size)} different.`)
  }
  return (
    <p className="actions">
      <Act quiet label="Ask for the token ten times at once" onClick={() => void ask()} />
      <output>{result}</output>
    </p>
  )
}

/** Sends the access token as a thief would who has the token and not the key. */
function StolenToken({ getAccessToken }: { getAccessToken: () => Promise<string> }) {
  const [answer, setAnswer] = useState('')
  async function send() {
    const authorization = `DPoP ${await getAccessToken()}`
    const { status } = await fetch(`${readConfiguration().openid.api ?? ''}accounts`, {
      headers: { authorization },
    })
    setAnswer(`The bank answered ${String(status)}${status === 401 ? ': it wants the proof, too.' : '.'}`)
  }
  return (
    <p className="actions">
      <Act quiet label="Send the token without its key" onClick={() => void send()} />
      <output>{answer}</output>
    </p>
  )
}
