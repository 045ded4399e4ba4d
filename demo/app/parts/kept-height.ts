import { useEffect, useRef, type RefObject } from 'react'
import { keep, readKept, tab } from '../kept.js'

const key = 'lasagna:heights'

const heights = (): Record<string, number> => readKept<Record<string, number>>(tab, key, {})

/**
 * Remembers how high a part of the page is. What stands in for it after the way to a bank and back is as high, so that
 * nothing below it moves when the part itself is there.
 *
 * @param isWhole Whether the part shows all that it will: only then its height counts.
 */
export function useKeptHeight<Part extends HTMLElement>(
  name: string,
  isWhole: boolean,
): RefObject<Part | null> {
  const part = useRef<Part>(null)
  useEffect(() => {
    const element = part.current
    if (!isWhole || !element) return
    const observer = new ResizeObserver(() => {
      keep(tab, key, { ...heights(), [name]: element.offsetHeight })
    })
    observer.observe(element)
    return () => {
      observer.disconnect()
    }
  }, [name, isWhole])
  return part
}

/** The height that a part had last; `undefined` where it has not been seen yet. */
export const keptHeight = (name: string): number | undefined => heights()[name]
