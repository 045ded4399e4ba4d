import type { Page } from 'playwright-core'

/** How long a page took to leave: milliseconds. And where to. */
export type Left = Parameters<NonNullable<Window['noteLeft']>>[0]

/** Clicks, and gives how long it took until the page left, and where to. */
export async function click(page: Page): Promise<Left> {
  // One call: whatever looked in between would have the page compile a script while it is timed.
  return page.evaluate(() => {
    const left = new Promise<Left>((resolve) => (window.noteLeft = resolve))
    document.body.click()
    return left
  })
}
