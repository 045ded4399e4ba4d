import { useEffect, useLayoutEffect, type RefObject } from 'react'

/**
 * Keeps the place of people who use the keyboard: when the focused control disappears, such as "Disconnect" once that
 * is done, the card it was in has the focus instead of the whole page.
 */
export function useKeptFocus(): void {
  useEffect(() => {
    let control: Element | undefined
    let card: HTMLElement | null | undefined
    const remember = ({ target }: Event) => {
      control = target instanceof Element ? target : undefined
      card = control?.closest<HTMLElement>('article, section, main')
    }
    const observer = new MutationObserver(() => {
      if (!control || control.isConnected || document.activeElement !== document.body) return
      control = undefined
      homeOf(card)?.focus({ preventScroll: true })
    })
    document.addEventListener('focusin', remember)
    observer.observe(document.body, { childList: true, subtree: true })
    return () => {
      document.removeEventListener('focusin', remember)
      observer.disconnect()
    }
  }, [])
}

/** The card itself; where it was moved, such as once its bank is connected, the one of the same bank. */
function homeOf(card: HTMLElement | null | undefined): HTMLElement | null {
  if (card?.isConnected) return card
  const bank = card?.dataset['bank']
  const moved =
    bank === undefined ? null : document.querySelector<HTMLElement>(`[data-bank="${CSS.escape(bank)}"]`)
  return moved ?? document.querySelector('main')
}

/** Brings a part of the page to who comes back from a bank: before anything is drawn elsewhere, and only if it is out of sight. */
export function useArrival(part: RefObject<HTMLElement | null>, arrived: boolean): void {
  useLayoutEffect(() => {
    if (!arrived) return
    part.current?.focus({ preventScroll: true })
    const { top = 0, bottom = 0 } = part.current?.getBoundingClientRect() ?? {}
    if (top < 0 || bottom > innerHeight) part.current?.scrollIntoView({ block: 'start' })
  }, [part, arrived])
}
