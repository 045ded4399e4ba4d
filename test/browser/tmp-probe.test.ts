import { it } from 'vitest'
import { card, goToConsent, useBench, waitForStatus } from './support/bench.js'
const bench = useBench({ clock: true, oneProcess: true })
it('probe', async () => {
  const page = await bench.open()
  const t0 = Date.now()
  const log = (s: string) => console.log(Date.now() - t0, s)
  await page.evaluate(() => {
    addEventListener('beforeunload', (event) => {
      event.preventDefault()
    })
    ;(window as any).navigation.addEventListener('navigateerror', () => console.log('navigateerror'))
  })
  page.on('console', (m) => log('console ' + m.text()))
  await Promise.all([
    page.waitForEvent('dialog').then(async (dialog) => {
      log('dialog')
      await dialog.dismiss()
      log('dismissed')
    }),
    card(page, 'Stitch')
      .getByRole('button', { name: `Connect Stitch`, exact: true })
      .click()
      .then(() => log('clicked')),
  ])
  await waitForStatus(page, 'Stitch', 'Not connected')
  log('not connected')
  page.once('dialog', (dialog) => {
    log('dialog 2')
    void dialog.accept()
  })
  await goToConsent(page, 'Stitch')
  log('at consent')
})
