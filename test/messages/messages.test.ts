import { NetworkError, TransactionError } from 'countersign'
import { english, messageFor, type Messages } from 'countersign/messages'
import { describe, expect, test } from 'vitest'

describe('english', () => {
  test.each(Object.entries(english))('says of %s what an end customer understands', (_code, sentence) => {
    expect(sentence).toMatch(/^[A-Z].*[.]$/)
    // What only a developer knows.
    expect(sentence).not.toMatch(
      /OAuth|OpenID|token|redirect|issuer|IndexedDB|authorize\(|resume\(|backend|endpoint|transaction|callback|_/i,
    )
  })
})

describe('messageFor', () => {
  test('takes an error by its code', () => {
    expect(messageFor(new NetworkError('for developers'))).toBe(english.network_error)
  })

  test('takes a failed state by its error', () => {
    expect(messageFor({ status: 'failed', error: new NetworkError('for developers') })).toBe(
      english.network_error,
    )
  })

  test('takes a state without an error by its status', () => {
    expect(messageFor({ status: 'cancelled' })).toBe(english.cancelled)
    expect(messageFor({ status: 'sign_in_required' })).toBe(english.sign_in_required)
  })

  test.each(['connected', 'pending', 'none', 'idle', 'toString'])('has nothing to say of %s', (status) => {
    expect(messageFor({ status })).toBeUndefined()
  })

  test('uses the sentences it is given', () => {
    const ours: Messages = { ...english, cancelled: 'Stopped.' }
    expect(messageFor({ status: 'cancelled' }, ours)).toBe('Stopped.')
  })

  test('says what helps when a reply came to another browser', () => {
    const error = new TransactionError('state_unknown', 'for developers')
    expect(messageFor(error)).toMatch(/a different browser.*go back to that one, or start again here/)
  })
})
