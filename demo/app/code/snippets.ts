// The files themselves, which the compiler checks with the rest of the demo.
import apiturePage from '../../snippets/apiture.page.tsx?raw'
import basisBackend from '../../snippets/basis.backend.ts?raw'
import basisPage from '../../snippets/basis.page.tsx?raw'
import fdxBackend from '../../snippets/fdx.backend.ts?raw'
import fdxPage from '../../snippets/fdx.page.tsx?raw'
import moneyhubBackend from '../../snippets/moneyhub.backend.ts?raw'
import moneyhubPage from '../../snippets/moneyhub.page.tsx?raw'
import openidPage from '../../snippets/openid.page.tsx?raw'
import stitchBackend from '../../snippets/stitch.backend.ts?raw'
import stitchPage from '../../snippets/stitch.page.tsx?raw'

/** What an app has of its own, by provider; without a backend where the page needs none. */
export type Snippets = Readonly<
  Record<'apiture' | 'basis' | 'fdx' | 'moneyhub' | 'openid' | 'stitch', { page: string; backend?: string }>
>

/** All of them. */
export const all: Snippets = {
  apiture: { page: apiturePage },
  basis: { page: basisPage, backend: basisBackend },
  fdx: { page: fdxPage, backend: fdxBackend },
  moneyhub: { page: moneyhubPage, backend: moneyhubBackend },
  openid: { page: openidPage },
  stitch: { page: stitchPage, backend: stitchBackend },
}
