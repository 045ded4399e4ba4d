import { useEffect } from 'react'
import { createStore, useStore } from '../store.js'

/** Something that takes its time. */
interface Work {
  readonly text: string
}

const present = createStore<readonly Work[]>([])

/** @returns what ends it */
function begin(text: string): () => void {
  const work: Work = { text }
  present.change((before) => [...before, work])
  return () => {
    present.change((before) => before.filter((one) => one !== work))
  }
}

/** Says what is under way until a promise is settled, and gives what it gives. */
export function track<T>(text: string, promise: Promise<T>): Promise<T> {
  return promise.finally(begin(text))
}

/** Says what is under way as long as a component has it; `undefined` for nothing. */
export function useUnderWay(text: string | undefined): void {
  useEffect(() => (text === undefined ? undefined : begin(text)), [text])
}

/** What is under way, over the page so that nothing moves. Styles show it after 300 ms: what is quick needs no word. */
export function UnderWay() {
  const [work] = useStore(present)
  return (
    <p className="under-way" role="status" aria-label="Under way">
      {work && (
        <span>
          <i aria-hidden="true" />
          {work.text}
        </span>
      )}
    </p>
  )
}
